sed -i 's|^state: state|state: /proc/greenlight|' deployment.yaml
