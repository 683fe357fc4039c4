printf 'format: 1\nkeys: [\377\376]\n' > deployment.yaml
