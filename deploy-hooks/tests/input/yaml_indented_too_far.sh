sed -i 's/^keys:/  keys:/' deployment.yaml
