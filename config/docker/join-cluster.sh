#!/bin/sh
# Makes one cluster of redis-1 … redis-6: three masters, each with a replica. Where they are one already, it does nothing.
# redis-cli joins nodes by address; from then on they are known by the names that they announce.
set -eu
if redis-cli -h redis-1 cluster info | grep -q cluster_state:ok; then exit 0; fi
nodes=''
for number in 1 2 3 4 5 6; do
  nodes="$nodes $(getent hosts "redis-$number" | cut -d ' ' -f 1):6379"
done
# shellcheck disable=SC2086 # One argument a node.
exec redis-cli --cluster create $nodes --cluster-replicas 1 --cluster-yes
