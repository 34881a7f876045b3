import { NOW_LUA } from '../redis.js';

/**
 * Deals ready calls of one partition and tier to the bus, one tenant after the other, higher classes first.
 * KEYS: due, sent, then for each class, the one served first in front: turns · ARGV: most, unconfirmedMs, prefix of calls, weights
 * of tenants as JSON, key prefix of the queues of each class …, key of the partition
 * Returns {member, callKey-spec, publish count} triples. A dealt call has a due entry: it is the outbox row.
 */
export const DEAL_LUA = `
${NOW_LUA}
local most, unconfirmed, callPrefix, weights = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], cjson.decode(ARGV[4])
local dealt = {}
if redis.call('HGET', ARGV[5 + #KEYS - 2], 'state') == 'frozen' then return dealt end
for class = 1, #KEYS - 2 do
  local turns, prefix = KEYS[class + 2], ARGV[class + 4]
  while #dealt / 3 < most do
    local tenant = redis.call('LPOP', turns)
    if not tenant then break end
    local queue = prefix .. tenant
    -- A tenant of weight 3 is dealt three calls in its turn.
    for _ = 1, math.min(weights[tenant] or 1, most - #dealt / 3) do
      local member = redis.call('LPOP', queue)
      if not member then break end
      local _, _, t, w, c = string.find(member, '^c|([^|]+)|([^|]+)|([^|]+)$')
      local callKey = callPrefix .. t .. ':' .. w .. ':' .. c
      local call = redis.call('HMGET', callKey, 'spec', 'n')
      if call[1] then
        redis.call('HSET', callKey, 'st', 'sent')
        redis.call('HDEL', callKey, 'seq', 'inc')
        redis.call('SADD', KEYS[2], member)
        redis.call('ZADD', KEYS[1], now + unconfirmed, member)
        dealt[#dealt + 1] = member; dealt[#dealt + 1] = call[1]; dealt[#dealt + 1] = call[2]
      end
    end
    if redis.call('LLEN', queue) > 0 then redis.call('RPUSH', turns, tenant) end
  end
end
return dealt`;

/** The broker has the message. KEYS: call, due · ARGV: member, stream seq, stream incarnation, unclaimedMs */
export const CONFIRM_LUA = `
${NOW_LUA}
if redis.call('HGET', KEYS[1], 'st') ~= 'sent' then return 0 end
redis.call('HSET', KEYS[1], 'seq', ARGV[2], 'inc', ARGV[3])
redis.call('ZADD', KEYS[2], 'XX', now + tonumber(ARGV[4]), ARGV[1])
return 1`;

/**
 * Workers take calls before they run them. KEYS: claim and held of each · ARGV: worker, member, child ('1' when the call was
 * made inside a tool and so has no record before) of each
 * Returns for each {OK, epoch} | {BUSY, worker} | {DONE} | {UNKNOWN}
 */
export const CLAIM_LUA = `
${NOW_LUA}
local at = string.format('%d', now)
local function claim(key, held, worker, member, child)
  local known = redis.call('HMGET', key, 'st', 'e', 'w')
  if not known[1] and child ~= '1' then return {'UNKNOWN'} end
  if known[1] == 'done' or known[1] == 'reported' then return {'DONE'} end
  if known[1] == 'held' and known[3] ~= worker then return {'BUSY', known[3]} end
  local epoch = string.format('%d', tonumber(known[2] or '0') + 1)
  redis.call('HSET', key, 'st', 'held', 'e', epoch, 'w', worker, 'at', at)
  if child == '1' then redis.call('PEXPIRE', key, 86400000) end
  redis.call('SADD', held, member)
  return {'OK', epoch}
end
local replies = {}
for i = 1, #KEYS / 2 do replies[i] = claim(KEYS[2 * i - 1], KEYS[2 * i], ARGV[3 * i - 2], ARGV[3 * i - 1], ARGV[3 * i]) end
return replies`;

/**
 * A worker is done with a call. KEYS: claim, held · ARGV: worker, epoch, member, to ('done' | 'open' | 'again' | 'reported'),
 * sequence of the result in its stream
 */
export const RELEASE_LUA = `
redis.call('SREM', KEYS[2], ARGV[3])
local claim = redis.call('HMGET', KEYS[1], 'st', 'e', 'w')
if claim[1] ~= 'held' or claim[2] ~= ARGV[2] or claim[3] ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'st', ARGV[4] == 'again' and 'open' or ARGV[4])
if ARGV[4] == 'reported' then redis.call('HSET', KEYS[1], 'rs', ARGV[5]) end
if ARGV[4] == 'done' or ARGV[4] == 'again' then redis.call('PEXPIRE', KEYS[1], 3600000) end
if ARGV[4] == 'open' or ARGV[4] == 'again' then redis.call('HDEL', KEYS[1], 'w') end
return 1`;

/**
 * The same for many calls of one partition whose results are with the broker. KEYS: held, claims … · ARGV: worker, then epoch,
 * member and sequence of the result of each
 */
export const REPORT_LUA = `
for index = 2, #KEYS do
  local at = 3 * index - 4
  redis.call('SREM', KEYS[1], ARGV[at + 1])
  local claim = redis.call('HMGET', KEYS[index], 'st', 'e', 'w')
  if claim[1] == 'held' and claim[2] == ARGV[at] and claim[3] == ARGV[1] then redis.call('HSET', KEYS[index], 'st', 'reported', 'rs', ARGV[at + 2]) end
end
return #KEYS - 1`;

/**
 * What is due, hidden for a moment so that many sweepers do not do the same twice.
 * KEYS: due · ARGV: most, hideMs
 */
export const SWEEP_LUA = `
${NOW_LUA}
local members = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, tonumber(ARGV[1]))
local hidden = now + tonumber(ARGV[2])
for _, member in ipairs(members) do redis.call('ZADD', KEYS[1], 'XX', hidden, member) end
return {tostring(hidden), members}`;

/** A timer was seen to, unless it was set anew meanwhile. KEYS: due · ARGV: member, until when it was hidden */
export const DROP_TIMER_LUA = `
if tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or '-1') == tonumber(ARGV[2]) then return redis.call('ZREM', KEYS[1], ARGV[1]) end
return 0`;

/**
 * The watchdog's look at a dealt call. KEYS: call, claim, due, sent · ARGV: member, incarnation of CALLS, ack floor of
 * its consumer, waitMs · Returns {GONE} | {HELD, worker, epoch} | {REPORTED, worker, epoch, seq} | {QUEUED} | {PUBLISH, spec, n}
 */
export const INSPECT_LUA = `
${NOW_LUA}
local call = redis.call('HMGET', KEYS[1], 'st', 'spec', 'n', 'seq', 'inc')
if not call[1] or call[1] == 'ready' then redis.call('ZREM', KEYS[3], ARGV[1]); return {'GONE'} end
local claim = redis.call('HMGET', KEYS[2], 'st', 'w', 'e', 'rs')
if claim[1] == 'held' or claim[1] == 'reported' then
  redis.call('ZADD', KEYS[3], 'XX', now + tonumber(ARGV[4]), ARGV[1])
  return {string.upper(claim[1]), claim[2], claim[3], claim[4]}
end
if call[4] and call[5] == ARGV[2] and tonumber(call[4]) > tonumber(ARGV[3]) then
  redis.call('ZADD', KEYS[3], 'XX', now + tonumber(ARGV[4]), ARGV[1])
  return {'QUEUED'}
end
local n = redis.call('HINCRBY', KEYS[1], 'n', 1)
redis.call('HDEL', KEYS[1], 'seq', 'inc')
redis.call('SADD', KEYS[4], ARGV[1])
return {'PUBLISH', call[2], n}`;

/**
 * A dealt call that nobody could take is not published: it takes no room of others, and the watchdog looks at it again.
 * KEYS: call, due, sent · ARGV: member, delayMs
 */
export const SET_ASIDE_LUA = `
${NOW_LUA}
if redis.call('HGET', KEYS[1], 'st') ~= 'sent' then return 0 end
redis.call('SREM', KEYS[3], ARGV[1])
redis.call('ZADD', KEYS[2], 'XX', now + tonumber(ARGV[2]), ARGV[1])
return 1`;
