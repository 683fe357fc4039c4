echo nothing > key.pem
