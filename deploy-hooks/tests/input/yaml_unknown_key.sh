sed -i '0,/age_max_s/s//age_max_sec/' deployment.yaml
