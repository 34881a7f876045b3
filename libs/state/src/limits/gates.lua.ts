import { NOW_LUA } from '../redis.js';

/**
 * A workflow wants to begin. KEYS: running of the tenant, running of the key, waiting of the key, starts of the key, keys
 * of the tenant, tenants · ARGV: workflow, key ('' for none), most of the tenant (0: any), most of the key (0: any),
 * starts, perMs (0: any), rank of its priority, tenant
 * Returns {ENTERED} | {WAITS, why, running, most}. First come, first served within a key and priority.
 */
export const ENTER_LUA = `
${NOW_LUA}
local workflow, key = ARGV[1], ARGV[2]
if redis.call('SISMEMBER', KEYS[2], workflow) == 1 then return {'ENTERED'} end
redis.call('SADD', KEYS[5], key)
redis.call('SADD', KEYS[6], ARGV[8])
redis.call('ZADD', KEYS[3], 'NX', tonumber(ARGV[7]) * 1e13 + now, workflow)
local function waits(why, running, most) return {'WAITS', why, running, most} end
if redis.call('ZRANGE', KEYS[3], 0, 0)[1] ~= workflow then return waits('line', redis.call('SCARD', KEYS[2]), tonumber(ARGV[4])) end
local ofTenant, ofKey = redis.call('SCARD', KEYS[1]), redis.call('SCARD', KEYS[2])
if tonumber(ARGV[3]) > 0 and ofTenant >= tonumber(ARGV[3]) then return waits('tenant', ofTenant, tonumber(ARGV[3])) end
if tonumber(ARGV[4]) > 0 and ofKey >= tonumber(ARGV[4]) then return waits('key', ofKey, tonumber(ARGV[4])) end
if tonumber(ARGV[5]) > 0 then
  redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', now - tonumber(ARGV[6]))
  local starts = redis.call('ZCARD', KEYS[4])
  if starts >= tonumber(ARGV[5]) then return waits('rate', starts, tonumber(ARGV[5])) end
  redis.call('ZADD', KEYS[4], now, workflow)
  redis.call('PEXPIRE', KEYS[4], tonumber(ARGV[6]))
end
redis.call('ZREM', KEYS[3], workflow)
redis.call('SADD', KEYS[1], workflow .. '|' .. key)
redis.call('SADD', KEYS[2], workflow)
return {'ENTERED'}`;

/**
 * A workflow has ended, or never began. KEYS: running of the tenant, running of the key, waiting of the key, keys of the
 * tenant · ARGV: workflow, key
 */
export const LEAVE_LUA = `
redis.call('SREM', KEYS[1], ARGV[1] .. '|' .. ARGV[2])
redis.call('SREM', KEYS[2], ARGV[1])
redis.call('ZREM', KEYS[3], ARGV[1])
if redis.call('SCARD', KEYS[2]) == 0 and redis.call('ZCARD', KEYS[3]) == 0 then redis.call('SREM', KEYS[4], ARGV[2]) end
return 1`;
