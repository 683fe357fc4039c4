openssl genpkey -algorithm ed25519 -out pub.pem 2>/dev/null
