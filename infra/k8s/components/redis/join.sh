#!/bin/sh
# Starts one Redis of three. Who is the primary is the Sentinels' word; while none answers (the first start) it is redis-0.
set -eu
own="$POD_NAME.redis-headless"
primary=$(redis-cli -h redis-sentinel -p 26379 sentinel get-master-addr-by-name trivet 2>/dev/null | head -n 1) || primary=''
primary=${primary:-redis-0.redis-headless}
set -- --replica-announce-ip "$own" --masteruser orchestrator --masterauth "$TRIVET_REDIS_PASSWORD_ORCHESTRATOR" \
  --min-replicas-to-write 1 --min-replicas-max-lag 10
if [ "$primary" != "$own" ]; then set -- "$@" --replicaof "$primary" 6379; fi
exec sh /scripts/start.sh "$@"
