rm pub.pem
