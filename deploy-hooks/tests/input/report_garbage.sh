head -c 4096 /dev/zero > report.json
