import { NOW_LUA } from '../redis.js';
import { OTHERS } from './usage.js';

/** So many tenants may have a first call out in one partition and tier, beyond what there is room for. */
export const MOST_FIRST = 4;

/** So many names (of a model, template and user together) are counted each by itself, for each tenant, day and partition. */
const MOST_NAMES = 2_000;
/** So many accounts of a tenant are listed, in each partition; what is charged to others is counted all the same. */
const MOST_ACCOUNTS = 50_000;
/** So many commits of a workflow are known by their ids: more than can be made by others in a millisecond. */
export const REMEMBERED_COMMITS = 4;
/** How the ids of commits begin that write a workflow anew from the journal: those before them are not known. */
export const RESTORING = 'restore:';
/** For how long a day is kept. */
const KEEP_USAGE_MS = 400 * 86_400_000;

/**
 * Commits of workflows, each an atomic step of its own: state, history, ready queues, timers and version. Many come in one
 * script, since a script by itself costs as much as half a commit. KEYS: any key of the partition (the others of a workflow
 * have the same tag) · ARGV: the commits one after the other, each as the texts that `encodeChange` writes, its length first.
 * All input of a commit is checked before its first write: a script that errors half-way does not roll back. One that errors
 * all the same takes none of the others with it.
 * Returns for each {status, …}: OK version, ids of dealt calls … | REPLAY version, 'moved' when others committed since | CONFLICT version | EXISTS body-hash status |
 * GUARD call | FROZEN | ERROR text
 */
export const COMMIT_LUA = `
${NOW_LUA}
local call, format = redis.call, string.format
local at, stop
local function int(number) return format('%d', number) end
local function take() at = at + 1; return ARGV[at] end
local function count() return tonumber(take()) end
local function list(width)
  local items, size = {}, count() * width
  for i = 1, size do items[i] = ARGV[at + i] end
  at = at + size
  return items
end

-- The ids of the last commits, the newest first: whether they do not reach back to one that would have been made so many versions ago.
local function is_forgotten(ops, behind)
  local known = 0
  for each in string.gmatch(ops, '%S+') do
    if string.sub(each, 1, ${RESTORING.length}) == '${RESTORING}' then return true end
    known = known + 1
  end
  return behind < 0 or known < behind
end

-- Others moved the workflow so often after a commit whose answer was lost that its id is not known any more. Its last event names all before
-- it by their hashes: where that one stands in the history, the commit was made. (Two that make the same of it in one millisecond have the same.)
local function repeats(events_key, seq, chain, events)
  local there = events > 0 and chain ~= '' and call('LINDEX', events_key, seq - 1)
  return there and string.find(there, chain, 1, true)
end

-- What model calls used, by day: of the tenant by model, template and user, and of all tenants. A workflow that is restored has been
-- counted up to the seq that stands beside it, whatever became of its record. A day with too many names counts the new ones together.
local function count_used(tag, tenant, counted_key, used)
  local counted, last = tonumber(call('GET', counted_key) or '0'), 0
  for i = 1, #used, 7 do
    local seq = tonumber(used[i])
    if seq > counted then
      last = math.max(last, seq)
      local key, all = tag .. ':usage:' .. tenant .. ':' .. used[i + 1], tag .. ':usage:' .. used[i + 1]
      local name = used[i + 2]
      if call('HLEN', key) >= ${4 * MOST_NAMES} and call('HEXISTS', key, name .. '#c') == 0 then name = '["${OTHERS}","${OTHERS}","${OTHERS}"]' end
      for j, figure in ipairs({ '#c', '#i', '#o', '#u' }) do
        call('HINCRBY', key, name .. figure, used[i + 2 + j])
        call('HINCRBY', all, tenant .. figure, used[i + 2 + j])
      end
      call('PEXPIRE', key, ${KEEP_USAGE_MS})
      call('PEXPIRE', all, ${KEEP_USAGE_MS})
    end
  end
  if last > 0 then call('SET', counted_key, int(last)) end
end

local function commit()
  local expected, op, tag, tenant, id = take(), take(), take(), take(), take()
  local status, seq, chain, hash, created = take(), count(), take(), take(), take()
  local journaled, guarded, keep, tomb, asked, unconfirmed = take(), take(), take(), take(), take(), count()
  local head, task = take(), take()
  local steps, events, guards, closed, scheduled = list(2), list(1), list(3), list(3), list(5)
  local reopened, timers, cleared, answers, questions = list(4), list(2), list(1), list(1), list(1)
  local used, accounts = list(7), list(1)
  local name = tenant .. ':' .. id
  local workflow, events_key = tag .. ':wf:' .. name, tag .. ':events:' .. name
  local due = tag .. ':due'
  local claims, calls = tag .. ':claim:' .. name .. ':', tag .. ':call:' .. name .. ':'
  local member = 'c|' .. tenant .. '|' .. id .. '|'
  if at ~= stop then return {'ERROR', 'the commit does not have the texts that it counts'} end
  if not string.match(expected, '^%d+$') then return {'ERROR', 'the expected version is not a whole number'} end
  if guarded == '1' and call('HGET', tag .. ':partition', 'state') ~= 'open' then return {'FROZEN'} end
  local current = call('HMGET', workflow, 'v', 'op', 'hash', 'status', 'seq')
  local version = current[1] or '0'
  local ops = current[2] or ''
  if ops == op or string.sub(ops, 1, #op + 1) == op .. ' ' then return {'REPLAY', version} end
  if string.find(ops .. ' ', ' ' .. op .. ' ', 1, true) then return {'REPLAY', version, 'moved'} end
  if current[1] and version ~= expected and is_forgotten(ops, tonumber(version) - tonumber(expected)) and repeats(events_key, seq, chain, #events) then return {'REPLAY', version, 'moved'} end
  if expected == '0' then
    if current[1] then return {'EXISTS', current[3], current[4]} end
    local buried = journaled == '0' and call('GET', tag .. ':tomb:' .. name)
    if buried then return {'EXISTS', buried, 'expired'} end
  elseif version ~= expected then
    return {'CONFLICT', version}
  end
  for i = 1, #guards, 3 do
    local claim = call('HMGET', claims .. guards[i], 'st', 'e', 'w')
    if (claim[1] ~= 'held' and claim[1] ~= 'reported') or claim[2] ~= guards[i + 1] or claim[3] ~= guards[i + 2] then return {'GUARD', guards[i]} end
  end
  if tonumber(current[5] or '0') + #events ~= seq then return {'CONFLICT', version} end

  for i = 1, #used, 7 do
    for j = 3, 6 do if not string.match(used[i + j], '^%d+$') then return {'ERROR', 'what a call used is not a whole number'} end end
  end

  version = int(tonumber(version) + 1)
  local before = string.match(ops, '^${'%S+ '.repeat(REMEMBERED_COMMITS - 2)}%S+') or ops
  ops = before == '' and op or op .. ' ' .. before
  if expected == '0' then
    call('HSET', workflow, 'v', version, 'op', ops, 'head', head, 'status', status, 'seq', int(seq), 'chain', chain, 'task', task, 'hash', hash, 'jn', journaled, 'created', created)
    call('ZADD', tag .. ':list:' .. tenant, created, id)
  else
    call('HSET', workflow, 'v', version, 'op', ops, 'head', head, 'status', status, 'seq', int(seq), 'chain', chain)
  end
  -- More values than Lua can pass at once would be an error.
  for i = 1, #steps, 200 do call('HSET', tag .. ':steps:' .. name, unpack(steps, i, math.min(i + 199, #steps))) end
  for i = 1, #events, 200 do call('RPUSH', events_key, unpack(events, i, math.min(i + 199, #events))) end
  for i = 1, #closed, 3 do
    local key, text = calls .. closed[i], member .. closed[i]
    if call('HGET', key, 'st') == 'ready' then call('LREM', tag .. ':queue:' .. closed[i + 1] .. ':' .. closed[i + 2] .. ':' .. tenant, 1, text) end
    -- Without its records a call is known to nobody: whoever is brought it again does not run it.
    call('DEL', key, claims .. closed[i])
    call('SREM', tag .. ':sent:' .. closed[i + 1], text)
    call('ZREM', due, text)
    if call('HGET', tag .. ':first:' .. closed[i + 1], tenant) == text then call('HDEL', tag .. ':first:' .. closed[i + 1], tenant) end
  end
  local reply = {'OK', version}
  for i = 1, #scheduled, 5 do
    local key, text = calls .. scheduled[i], member .. scheduled[i]
    local kind = scheduled[i + 1] .. ':' .. scheduled[i + 2]
    local turns, queue = tag .. ':turns:' .. kind, tag .. ':queue:' .. kind .. ':' .. tenant
    -- With room and nobody in line it is dealt with the commit itself; its due entry is the outbox row, as after a deal.
    local direct = scheduled[i + 3] == '1' and call('LLEN', turns) == 0
    -- The first call of a tenant that has none here stands in no line: those of the others are not its doing.
    if not direct and scheduled[i + 2] ~= 'low' and call('EXISTS', queue) == 0 then
      local first = tag .. ':first:' .. scheduled[i + 1]
      direct = call('HLEN', first) < ${MOST_FIRST} and call('HSETNX', first, tenant, text) == 1
    end
    call('HSET', key, 'st', direct and 'sent' or 'ready', 'spec', scheduled[i + 4], 'n', '0')
    call('HSET', claims .. scheduled[i], 'st', 'open', 'e', '0')
    if direct then
      call('SADD', tag .. ':sent:' .. scheduled[i + 1], text)
      call('ZADD', due, int(now + unconfirmed), text)
      reply[#reply + 1] = scheduled[i]
    elseif call('RPUSH', queue, text) == 1 then call('RPUSH', turns, tenant) end
  end
  for i = 1, #reopened, 4 do
    local key, text = calls .. reopened[i], member .. reopened[i]
    local queue = tag .. ':queue:' .. reopened[i + 1] .. ':' .. reopened[i + 2] .. ':' .. tenant
    if call('HGET', key, 'st') == 'ready' then call('LREM', queue, 1, text) end
    call('HSET', key, 'st', 'ready')
    call('HINCRBY', key, 'n', 1)
    call('HSET', claims .. reopened[i], 'st', 'open')
    call('HDEL', claims .. reopened[i], 'w')
    call('SREM', tag .. ':held:' .. reopened[i + 3], text)
    call('SREM', tag .. ':sent:' .. reopened[i + 1], text)
    call('ZREM', due, text)
    if call('LPUSH', queue, text) == 1 then call('RPUSH', tag .. ':turns:' .. reopened[i + 1] .. ':' .. reopened[i + 2], tenant) end
  end
  for _, each in ipairs(accounts) do if call('ZCARD', tag .. ':accounts:' .. tenant) < ${MOST_ACCOUNTS} then call('ZADD', tag .. ':accounts:' .. tenant, 0, each) end end
  if #used > 0 then count_used(tag, tenant, tag .. ':counted:' .. name, used) end
  local timer = 't|' .. tenant .. '|' .. id .. '|'
  for i = 1, #timers, 2 do call('ZADD', due, int(now + tonumber(timers[i + 1])), timer .. timers[i]) end
  for _, each in ipairs(cleared) do call('ZREM', due, timer .. each) end
  for _, each in ipairs(answers) do call('ZREM', tag .. ':approvals:' .. tenant, each) end
  for _, each in ipairs(questions) do call('ZADD', tag .. ':approvals:' .. tenant, asked, each) end
  if #events > 0 and journaled == '0' then call('ZADD', tag .. ':journal', int(now), tenant .. '|' .. id) end
  local ended = { completed = true, failed = true, cancelled = true }
  local all = { workflow, tag .. ':steps:' .. name, events_key, tag .. ':kv:' .. name, tag .. ':snapshots:' .. name }
  if ended[status] then call('SREM', tag .. ':active', tenant .. '|' .. id)
  elseif not current[1] or ended[current[4]] then call('SADD', tag .. ':active', tenant .. '|' .. id) end
  -- A workflow that is retried lives again.
  if ended[current[4]] and not ended[status] then for _, key in ipairs(all) do call('PERSIST', key) end call('PERSIST', tag .. ':counted:' .. name) end
  if keep ~= '0' then
    for _, key in ipairs(all) do call('PEXPIRE', key, keep) end
    call('PEXPIRE', tag .. ':counted:' .. name, tomb)
    call('SET', tag .. ':tomb:' .. name, hash, 'PX', tomb)
  end
  return reply
end

local replies = {}
stop = 0
while stop < #ARGV do
  at = stop + 1
  stop = stop + tonumber(ARGV[at])
  local ok, reply = pcall(commit)
  replies[#replies + 1] = ok and reply or {'ERROR', type(reply) == 'table' and reply.err or tostring(reply)}
end
return replies`;
