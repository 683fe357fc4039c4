echo nothing > pub.pem
