#!/bin/sh
# Makes what is still missing of the secrets of docker-compose.yml: `sh deploy/secrets.sh [HOST]`. Files that are there are left as they
# are. The folder is closed to everybody but its owner; the files are readable, because each is handed to one container alone,
# whose user has another number. HOST is the name in a self-signed certificate, made only where there is none.
set -eu
cd "$(dirname "$0")/.."
host="${1:-localhost}"
mkdir -p secrets
chmod 700 secrets
cd secrets
for name in secret_key metrics_token database_password database_web_password database_migrate_password redis_password; do
  [ -s "$name" ] || python3 -c 'import secrets; print(secrets.token_urlsafe(60), end="")' > "$name"
done
[ -e secret_key_fallbacks ] || : > secret_key_fallbacks
if [ ! -s tls_certificate ] || [ ! -s tls_key ]; then
  openssl req -x509 -newkey rsa:3072 -sha256 -days 365 -nodes -subj "/CN=$host" -addext "subjectAltName=DNS:$host" \
    -keyout tls_key -out tls_certificate 2>/dev/null
  echo "self-signed certificate for $host: put your own into secrets/tls_certificate and secrets/tls_key" >&2
fi
chmod 444 ./*
