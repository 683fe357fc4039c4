echo mine > ci.pub.pem
