head -c 700 report.json > r; mv r report.json
