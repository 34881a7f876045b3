import { NOW_LUA } from '../redis.js';

/**
 * What all scripts of a collection share. KEYS: meta, heads, texts, vectors, changes, gone, expiry, due · ARGV 1: collection, 2: its member of due,
 * 3: how many of those that are gone are remembered. Each entry that is written or taken away gets a number of its own, so that an index that
 * knows all up to a number reads what came after; `floor` is the highest number of which it is not known any more what went.
 */
const COLLECTION_LUA = `
${NOW_LUA}
local meta, heads, texts, vectors, changes, gone, expiry, due = unpack(KEYS)
local c = ARGV[1]
local function size_of(id, head) return #id + #head + redis.call('HSTRLEN', texts, id) + redis.call('HSTRLEN', vectors, id) end
local function count_bytes(delta)
  redis.call('HINCRBY', meta, 'bytes', delta)
  redis.call('HINCRBY', meta, 'bytes:' .. c, delta)
end
local function next_change() return redis.call('HINCRBY', meta, 'seq:' .. c, 1) end
local function drop(id)
  local head = redis.call('HGET', heads, id)
  if not head then return 0 end
  count_bytes(-size_of(id, head))
  redis.call('HINCRBY', meta, 'entries', -1)
  redis.call('HDEL', heads, id)
  redis.call('HDEL', texts, id)
  redis.call('HDEL', vectors, id)
  redis.call('ZREM', changes, id)
  redis.call('ZREM', expiry, id)
  redis.call('ZADD', gone, next_change(), id)
  local expires = tonumber(string.match(head, '^%d+ (%d+)'))
  return (expires == 0 or expires > now) and 1 or 0
end
local function sweep(most)
  local over = redis.call('ZRANGEBYSCORE', expiry, '-inf', now, 'LIMIT', 0, most)
  for _, id in ipairs(over) do drop(id) end
  return #over
end
local function clear()
  redis.call('HINCRBY', meta, 'bytes', string.format('%d', -tonumber(redis.call('HGET', meta, 'bytes:' .. c) or '0')))
  redis.call('HINCRBY', meta, 'entries', string.format('%d', -redis.call('HLEN', heads)))
  redis.call('HDEL', meta, 'epoch:' .. c, 'seq:' .. c, 'floor:' .. c, 'bytes:' .. c)
  redis.call('UNLINK', heads, texts, vectors, changes, gone, expiry)
  redis.call('ZREM', due, ARGV[2])
  if redis.call('HGET', meta, 'entries') == '0' then redis.call('DEL', meta) end
end
local function tidy()
  if redis.call('HLEN', heads) == 0 then return clear() end
  local many = redis.call('ZCARD', gone) - tonumber(ARGV[3])
  if many > 0 then
    local last = redis.call('ZRANGE', gone, many - 1, many - 1, 'WITHSCORES')
    redis.call('HSET', meta, 'floor:' .. c, last[2])
    redis.call('ZREMRANGEBYRANK', gone, 0, many - 1)
  end
  local first = redis.call('ZRANGE', expiry, 0, 0, 'WITHSCORES')
  if first[2] then redis.call('ZADD', due, first[2], ARGV[2]) else redis.call('ZREM', due, ARGV[2]) end
end
`;

/**
 * Takes entries away and writes others, all or none. ARGV further: 4 epoch of a new collection, 5 most entries of the tenant, 6 of the collection, 7 most bytes of
 * the tenant, 8 how many expired ones are swept, 9 how many are taken away, their ids, then for each that is written: id, what follows the times in its head, text, vector, how long
 * it stays in ms (0: for good). Returns {OK, taken away} or what there would be more of than is allowed: {TENANT | COLLECTION | BYTES, how many}.
 */
export const CHANGE_LUA = `${COLLECTION_LUA}
sweep(tonumber(ARGV[8]))
local first = 10 + tonumber(ARGV[9])
local leaving, fresh, bytes = 0, 0, 0
for at = 10, first - 1 do
  local head = redis.call('HGET', heads, ARGV[at])
  if head then leaving, bytes = leaving + 1, bytes - size_of(ARGV[at], head) end
end
for at = first, #ARGV, 5 do
  local id, expires = ARGV[at], ARGV[at + 4] == '0' and '0' or string.format('%d', now + tonumber(ARGV[at + 4]))
  local head = redis.call('HGET', heads, id)
  if head then bytes = bytes - size_of(id, head) else fresh = fresh + 1 end
  bytes = bytes + #id + #string.format('%d', now) + #expires + 2 + #ARGV[at + 1] + #ARGV[at + 2] + #ARGV[at + 3]
end
if first <= #ARGV then
  local tenant = tonumber(redis.call('HGET', meta, 'entries') or '0') + fresh - leaving
  local collection = redis.call('HLEN', heads) + fresh - leaving
  local all = tonumber(redis.call('HGET', meta, 'bytes') or '0') + bytes
  if fresh > leaving and tenant > tonumber(ARGV[5]) then return {'TENANT', tenant} end
  if fresh > leaving and collection > tonumber(ARGV[6]) then return {'COLLECTION', collection} end
  if bytes > 0 and all > tonumber(ARGV[7]) then return {'BYTES', all} end
end
local taken = 0
for at = 10, first - 1 do taken = taken + drop(ARGV[at]) end
if first <= #ARGV then redis.call('HSETNX', meta, 'epoch:' .. c, ARGV[4]) end
for at = first, #ARGV, 5 do
  local id, expires = ARGV[at], ARGV[at + 4] == '0' and '0' or string.format('%d', now + tonumber(ARGV[at + 4]))
  local old = redis.call('HGET', heads, id)
  local before = old and size_of(id, old) or 0
  if not old then redis.call('HINCRBY', meta, 'entries', 1) end
  local head = string.format('%d', now) .. ' ' .. expires .. ' ' .. ARGV[at + 1]
  redis.call('HSET', heads, id, head)
  redis.call('HSET', texts, id, ARGV[at + 2])
  redis.call('HSET', vectors, id, ARGV[at + 3])
  count_bytes(size_of(id, head) - before)
  redis.call('ZADD', changes, next_change(), id)
  redis.call('ZREM', gone, id)
  if expires == '0' then redis.call('ZREM', expiry, id) else redis.call('ZADD', expiry, expires, id) end
end
tidy()
return {'OK', taken}`;

/** Gives entries vectors of another model, where the text is still the one that was embedded. ARGV further, for each: id, hash, model, vector. Returns how many. */
export const EMBED_AGAIN_LUA = `${COLLECTION_LUA}
local done = 0
for at = 4, #ARGV, 4 do
  local id = ARGV[at]
  local head = redis.call('HGET', heads, id)
  local times, hash, rest = string.match(head or '', '^(%d+ %d+) (%S+) %S+ (.*)$')
  if hash == ARGV[at + 1] then
    local before = size_of(id, head)
    head = times .. ' ' .. hash .. ' ' .. ARGV[at + 2] .. ' ' .. rest
    redis.call('HSET', heads, id, head)
    redis.call('HSET', vectors, id, ARGV[at + 3])
    count_bytes(size_of(id, head) - before)
    redis.call('ZADD', changes, next_change(), id)
    done = done + 1
  end
end
return done`;

/** Takes away what is expired. ARGV further: 4 at most how many. Returns how many. */
export const SWEEP_LUA = `${COLLECTION_LUA}
local swept = sweep(tonumber(ARGV[4]))
tidy()
return swept`;

/** Takes all away, in no time: the memory is freed later. Returns how many had not expired. */
export const CLEAR_LUA = `${COLLECTION_LUA}
local left = redis.call('HLEN', heads) - redis.call('ZCOUNT', expiry, '-inf', now)
if redis.call('HLEN', heads) > 0 then clear() end
return left`;
