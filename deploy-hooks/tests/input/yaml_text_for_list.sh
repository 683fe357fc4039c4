sed -i '0,/required: \[api.a\]/s//required: api.a/' deployment.yaml
