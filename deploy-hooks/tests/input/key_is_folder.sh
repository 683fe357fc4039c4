rm pub.pem; mkdir pub.pem
