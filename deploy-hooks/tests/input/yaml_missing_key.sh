sed -i '0,/report: report.json, /s///' deployment.yaml
