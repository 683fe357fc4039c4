rm report.json; mkdir report.json
