ln -sf /dev/zero pub.pem
