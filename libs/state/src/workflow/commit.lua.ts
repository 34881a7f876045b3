import { NOW_LUA } from '../redis.js';

/**
 * One commit of a workflow: state, history, ready queues, timers and version in one atomic, fsynced step.
 * KEYS: workflow, steps, events, due, journal, list, tombstone, partition
 * ARGV: expected version (0 creates), opId, change as JSON, head, task, then id and text of each step, the events, the message of
 * each call to schedule: texts stand by themselves, since JSON in JSON costs more to read than all the rest
 * All input is checked before the first write: a script that errors half-way does not roll back.
 * Returns {status, …}: OK version now dealt-calls | REPLAY version | CONFLICT version | EXISTS body-hash status | GUARD call
 */
export const COMMIT_LUA = `
${NOW_LUA}
local expected, op = tonumber(ARGV[1]), ARGV[2]
local change = cjson.decode(ARGV[3])
if not string.match(ARGV[1], '^%d+$') then return redis.error_reply('ERR the expected version is not a whole number') end
if change.guarded and redis.call('HGET', KEYS[8], 'state') ~= 'open' then return {'FROZEN'} end
local current = redis.call('HMGET', KEYS[1], 'v', 'op', 'hash', 'status', 'seq')
local version = tonumber(current[1] or '0')
if current[1] and current[2] == op then return {'REPLAY', version} end
if expected == 0 then
  if current[1] then return {'EXISTS', current[3], current[4]} end
  local tomb = change.journaled == 0 and redis.call('GET', KEYS[7])
  if tomb then return {'EXISTS', tomb, 'expired'} end
elseif version ~= expected then
  return {'CONFLICT', version}
end
for _, guard in ipairs(change.guards) do
  local claim = redis.call('HMGET', guard.claimKey, 'st', 'e', 'w')
  if (claim[1] ~= 'held' and claim[1] ~= 'reported') or claim[2] ~= guard.epoch or claim[3] ~= guard.worker then return {'GUARD', guard.claimKey} end
end
local texts = 5
local steps, events = change.steps, change.events
if #ARGV ~= texts + 2 * steps + events + #change.schedule then return redis.error_reply('ERR the change does not have the texts that it counts') end
local ended = { completed = true, failed = true, cancelled = true }
local seq = tonumber(current[5] or '0')
if seq + events ~= change.seq then return {'CONFLICT', version} end

local write = {'v', version + 1, 'op', op, 'head', ARGV[4], 'status', change.status, 'seq', change.seq, 'chain', change.chain}
if expected == 0 then
  for _, item in ipairs({'task', ARGV[5], 'hash', change.hash, 'jn', change.journaled, 'created', change.createdMs}) do write[#write + 1] = item end
  redis.call('ZADD', KEYS[6], change.createdMs, change.id)
end
redis.call('HSET', KEYS[1], unpack(write))
for _ = 1, steps do redis.call('HSET', KEYS[2], ARGV[texts + 1], ARGV[texts + 2]); texts = texts + 2 end
for _ = 1, events do texts = texts + 1; redis.call('RPUSH', KEYS[3], ARGV[texts]) end
for _, call in ipairs(change.close) do
  local waits = redis.call('HGET', call.callKey, 'st') == 'ready'
  redis.call('DEL', call.callKey)
  redis.call('HSET', call.claimKey, 'st', 'done')
  redis.call('PEXPIRE', call.claimKey, 3600000)
  redis.call('SREM', call.sentKey, call.member)
  if waits then redis.call('LREM', call.queueKey, 1, call.member) end
  redis.call('ZREM', KEYS[4], call.member)
end
local dealt = {}
for _, call in ipairs(change.schedule) do
  texts = texts + 1
  -- With room and nobody in line it is dealt with the commit itself; its due entry is the outbox row, as after a deal.
  local direct = call.direct and redis.call('LLEN', call.turnsKey) == 0
  redis.call('HSET', call.callKey, 'st', direct and 'sent' or 'ready', 'spec', ARGV[texts], 'n', 0)
  redis.call('HSET', call.claimKey, 'st', 'open', 'e', 0)
  if direct then
    redis.call('SADD', call.sentKey, call.member)
    redis.call('ZADD', KEYS[4], now + change.unconfirmedMs, call.member)
    dealt[#dealt + 1] = call.callId
  elseif redis.call('RPUSH', call.queueKey, call.member) == 1 then redis.call('RPUSH', call.turnsKey, call.tenant) end
end
for _, call in ipairs(change.reopen) do
  if redis.call('HGET', call.callKey, 'st') == 'ready' then redis.call('LREM', call.queueKey, 1, call.member) end
  redis.call('HSET', call.callKey, 'st', 'ready')
  redis.call('HINCRBY', call.callKey, 'n', 1)
  redis.call('HSET', call.claimKey, 'st', 'open')
  redis.call('HDEL', call.claimKey, 'w')
  redis.call('SREM', call.heldKey, call.member)
  redis.call('SREM', call.sentKey, call.member)
  redis.call('ZREM', KEYS[4], call.member)
  if redis.call('LPUSH', call.queueKey, call.member) == 1 then redis.call('RPUSH', call.turnsKey, call.tenant) end
end
for _, timer in ipairs(change.timers) do redis.call('ZADD', KEYS[4], now + timer.delayMs, timer.member) end
for _, member in ipairs(change.clear) do redis.call('ZREM', KEYS[4], member) end
for _, approval in ipairs(change.answered) do redis.call('ZREM', change.approvalsKey, approval) end
for _, approval in ipairs(change.asked) do redis.call('ZADD', change.approvalsKey, change.nowMs, approval) end
if events > 0 and change.journaled == 0 then redis.call('ZADD', KEYS[5], now, change.ref) end
-- A workflow that is retried lives again.
if ended[current[4]] and not ended[change.status] then for i = 1, 3 do redis.call('PERSIST', KEYS[i]) end end
if change.keepMs > 0 then
  for i = 1, 3 do redis.call('PEXPIRE', KEYS[i], change.keepMs) end
  redis.call('SET', KEYS[7], change.hash, 'PX', change.keepMs + change.tombstoneMs)
end
return {'OK', version + 1, now, dealt}`;
