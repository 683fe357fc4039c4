rm report.json
