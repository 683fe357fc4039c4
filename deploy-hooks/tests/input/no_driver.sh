sed -i '/^    driver:/,/^  [a-z]/{/^    driver:/d;/^      command:/d;/^        /d}' deployment.yaml
