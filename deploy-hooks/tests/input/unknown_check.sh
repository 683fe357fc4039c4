sed -i 's/required: \[api.a\]/required: [api.a, api.b]/' deployment.yaml
