sed -i '0,/age_max_s: 3600/s//age_max_s: one hour/' deployment.yaml
