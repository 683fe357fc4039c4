truncate -s 100M report.json
