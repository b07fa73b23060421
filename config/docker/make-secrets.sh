#!/bin/sh
# Writes the secrets that docker-compose.yml mounts into ./secrets, or into the folder given. What is there already stays.
# The files can be read by all, since each container has a user of its own; the folder is closed to others.
set -eu
folder=${1:-secrets}
mkdir -p "$folder"
chmod 700 "$folder"
random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }
put() { if [ ! -e "$folder/$1" ]; then printf '%s\n' "$2" >"$folder/$1" && chmod 644 "$folder/$1"; fi; }
put postgres_password "$(random)"
put admin_token "$(random)"
put ingest_token "$(random)"
put grafana_password "$(random)"
put database_url "postgres://newsrank:$(cat "$folder/postgres_password")@postgres:5432/newsrank"
put redis_url redis://redis:6379
put redis_cluster_url redis://redis-1:6379,redis-2:6379,redis-3:6379,redis-4:6379,redis-5:6379,redis-6:6379
echo "$folder holds the secrets of docker-compose.yml; the admin token is in $folder/admin_token"
