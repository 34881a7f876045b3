/**
 * Sets an entry of a workflow. KEYS: kv · ARGV: key, value, most entries, most bytes, keepMs · Returns OK, or what there would be
 * more of than is allowed: {ENTRIES, entries} | {BYTES, bytes}. The field #bytes counts the bytes of all keys and values; no
 * key can have this name.
 */
export const SET_LUA = `
local key, value = ARGV[1], ARGV[2]
local size = redis.call('HLEN', KEYS[1])
local bytes = tonumber(redis.call('HGET', KEYS[1], '#bytes') or '0') + #key + #value
local entries = size == 0 and 1 or size
if redis.call('HEXISTS', KEYS[1], key) == 1 then
  entries = entries - 1
  bytes = bytes - #key - redis.call('HSTRLEN', KEYS[1], key)
end
if entries > tonumber(ARGV[3]) then return {'ENTRIES', entries} end
if bytes > tonumber(ARGV[4]) then return {'BYTES', bytes} end
redis.call('HSET', KEYS[1], key, value, '#bytes', string.format('%d', bytes))
redis.call('PEXPIRE', KEYS[1], ARGV[5])
return {'OK'}`;

/** Takes an entry away. KEYS: kv · ARGV: key · Returns whether it was there. */
export const DELETE_LUA = `
local size = redis.call('HSTRLEN', KEYS[1], ARGV[1])
if redis.call('HDEL', KEYS[1], ARGV[1]) == 0 then return 0 end
if redis.call('HLEN', KEYS[1]) == 1 then redis.call('DEL', KEYS[1])
else redis.call('HINCRBY', KEYS[1], '#bytes', -#ARGV[1] - size) end
return 1`;
