printf 'format: 1\nenvironments:\n\tstaging: {}\n' > deployment.yaml
