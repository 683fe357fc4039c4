echo mine > ci.pem
