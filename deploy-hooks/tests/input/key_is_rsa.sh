openssl genrsa -out k 2048 2>/dev/null; openssl rsa -in k -pubout -out pub.pem 2>/dev/null; rm k
