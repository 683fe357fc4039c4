sed -i 's/^state: state/state: state\nstate: other/' deployment.yaml
