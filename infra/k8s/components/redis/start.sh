#!/bin/sh
# Made by scripts/generate-infra.mjs from apps/cli/src/launcher/rights.ts; do not edit.
# Starts Redis with one user per service; passwords are taken from the environment.
set -eu
: "${TRIVET_REDIS_PASSWORD_ORCHESTRATOR:?is not set}"
: "${TRIVET_REDIS_PASSWORD_EXECUTOR:?is not set}"
: "${TRIVET_REDIS_PASSWORD_MODEL:?is not set}"
hash() { printf %s "$1" | sha256sum | cut -d " " -f 1; }
umask 077
cat > /tmp/users.acl <<USERS
user default off resetpass ~* &* +@all
user orchestrator on #$(hash "$TRIVET_REDIS_PASSWORD_ORCHESTRATOR") resetchannels &* ~* +@all
user executor on #$(hash "$TRIVET_REDIS_PASSWORD_EXECUTOR") resetchannels &* ~{w*}:claim:* ~{w*}:held:* ~{workers}:* ~blob:* ~{catalog}:* ~{files}:* ~{w*}:kv:* ~{w*}:snapshots:* ~{memory}:* %R~{limits}:policies +@string +@hash +@set +@sortedset +@list +@keyspace +@transaction -scan -randomkey -dbsize -@dangerous -@admin +auth +hello +ping +echo +select +quit +reset +wait +info +time +client|id +client|setname +client|getname +command +cluster|slots +cluster|shards +config|get +eval +evalsha +script|load +script|exists
user model on #$(hash "$TRIVET_REDIS_PASSWORD_MODEL") resetchannels &* ~{w*}:claim:* ~{w*}:held:* ~{workers}:* ~blob:* ~{ledger}:* ~{prompts}:bundled %R~{prompts}:* +@string +@hash +@set +@sortedset +@list +@keyspace +@transaction -scan -randomkey -dbsize -@dangerous -@admin +auth +hello +ping +echo +select +quit +reset +wait +info +time +client|id +client|setname +client|getname +command +cluster|slots +cluster|shards +config|get +eval +evalsha +script|load +script|exists
USERS
exec redis-server --dir /data --appendonly yes --appendfsync always --no-appendfsync-on-rewrite no --save '' --auto-aof-rewrite-min-size 256mb --rdbcompression no --maxmemory-policy noeviction --aclfile /tmp/users.acl "$@"
