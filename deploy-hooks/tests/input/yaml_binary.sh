head -c 4096 /dev/zero > deployment.yaml
