sed -i 's/^keys:/key:/' deployment.yaml
