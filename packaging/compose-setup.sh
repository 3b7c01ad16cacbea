#!/bin/sh
# Makes what the hub and the agents of docker-compose.yml need, once: the second run finds it and does nothing.
set -eu
keys=${KEYS_DIRECTORY:-/run/cpu-atlas}
umask 077

# The store's password for libpq-style clients: host:port:database:user:password, with : and \ escaped.
if [ -r /run/secrets/postgres-password ]; then
  password=$(sed 's/[\\:]/\\&/g' /run/secrets/postgres-password)
  printf 'postgres:*:atlas:atlas:%s\n' "$password" > "$keys/pgpass"
fi

if [ ! -s "$keys/tls.crt" ]; then
  openssl req -x509 -newkey rsa:2048 -nodes -days 825 -subj '/CN=CPU Atlas hub' \
    -addext 'subjectAltName=DNS:hub,DNS:localhost,IP:127.0.0.1' \
    -keyout "$keys/tls.key" -out "$keys/tls.crt.new" 2>/dev/null
  mv "$keys/tls.crt.new" "$keys/tls.crt"
fi

make_token() { # file, role, name
  if [ ! -s "$keys/$1" ]; then
    cpu-atlas token create --role "$2" --name "$3" > "$keys/$1.new"
    mv "$keys/$1.new" "$keys/$1"
  fi
}
for node in node-a node-b node-c; do make_token "$node.token" agent "$node"; done
make_token operator.token operator 'the operator of the compose file'
echo "Log in at https://localhost:4280 with: $(cat "$keys/operator.token")"
