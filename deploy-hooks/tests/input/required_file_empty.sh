sed -i 's/required: \[api.a\]/required_file: list.txt/' deployment.yaml; echo '# none' > list.txt
