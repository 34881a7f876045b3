#!/bin/sh
# Starts the Sentinel of one Redis; it writes what it learns into its configuration, which lies in memory.
set -eu
umask 077
cat > /tmp/sentinel.conf <<CONF
port 26379
dir /tmp
sentinel resolve-hostnames yes
sentinel announce-hostnames yes
sentinel announce-ip $POD_NAME.redis-headless
sentinel monitor trivet redis-0.redis-headless 6379 2
sentinel auth-user trivet orchestrator
sentinel auth-pass trivet $TRIVET_REDIS_PASSWORD_ORCHESTRATOR
sentinel down-after-milliseconds trivet 5000
sentinel failover-timeout trivet 30000
sentinel parallel-syncs trivet 1
CONF
exec redis-sentinel /tmp/sentinel.conf
