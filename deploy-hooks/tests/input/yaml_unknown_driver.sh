sed -i '0,/command:/s//comand:/' deployment.yaml
