mkdir config; echo mine > config/deployment.yaml
