: > deployment.yaml
