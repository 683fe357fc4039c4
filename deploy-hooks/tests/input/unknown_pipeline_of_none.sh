sed -i '/^pipelines/,$d' deployment.yaml
