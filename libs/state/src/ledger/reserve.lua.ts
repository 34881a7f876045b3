import { AMOUNTS_LUA } from './amounts.lua.js';
import { WINDOWS_LUA } from './windows.lua.js';

/**
 * Holds an upper bound on every account in every window that counts, or on none.
 * KEYS: reservation, leases, result of the call, then one account prefix each (all derived keys carry the same hash tag).
 * ARGV: reservation id, fingerprint, tokens, nano-USD, lease in ms, endpoint and model it is for, its owner ('' for
 * nobody in particular), then for each account the
 * set of windows that always count and the calendar of its days and months ('' for UTC).
 * Answers: recorded + the result of the call, if it has ended; nothing is held then | held + crossed thresholds | replayed state, hold, charge and the thresholds it crossed then | conflict | denied + figures of the first window that is full.
 */
export const RESERVE_LUA = `${AMOUNTS_LUA}${WINDOWS_LUA}
-- A window's counters outlive it, so that late settlements still find them.
local KEEP_AFTER_END_MS = 7 * 86400000

local reservation, leases = KEYS[1], KEYS[2]
local id, fingerprint = ARGV[1], ARGV[2]
local requested = { tokens = amount(ARGV[3], 'tokens'), cost = amount(ARGV[4], 'nanoUsd') }
local lease_ms = amount(ARGV[5], 'leaseMs')

local recorded = redis.call('GET', KEYS[3])
if recorded then return { 'recorded', recorded } end

local before = redis.call('HMGET', reservation, 'state', 'fingerprint', 'tokens', 'cost', 'charged:tokens', 'charged:cost', 'crossed', 'owner')
if before[1] then
  if before[2] ~= fingerprint then return { 'conflict' } end
  -- Its owner asks again because the first answer was lost on the way: it is told the same.
  if before[1] == 'held' and ARGV[8] ~= '' and before[8] == ARGV[8] then return { 'held', before[7] and cjson.decode(before[7]) or {} } end
  return { 'replayed', before[1], before[3], before[4], before[5] or '0', before[6] or '0', before[7] and cjson.decode(before[7]) or {} }
end

local at_ms, at_seconds = now_ms()
local utc = window_ids(at_seconds)
local METRICS = { 'tokens', 'cost' }

-- Everything is checked before anything is written.
local places, crossed = {}, {}
for position = 4, #KEYS do
  local account, counted, calendar = KEYS[position], ARGV[2 * position + 1], ARGV[2 * position + 2]
  local ids = calendar == '' and utc or window_ids(at_seconds, calendar)
  local limits = {}
  local pairs_read = redis.call('HGETALL', account .. ':limits')
  for index = 1, #pairs_read, 2 do limits[pairs_read[index]] = tonumber(pairs_read[index + 1]) end
  for _, window in ipairs(WINDOWS) do
    local limited = limits[window .. ':tokens'] or limits[window .. ':cost']
    if limited or string.find(counted, window, 1, true) then
      local key = account .. ':' .. window .. ids[window][1]
      local row = redis.call('HMGET', key, 'used:tokens', 'held:tokens', 'used:cost', 'held:cost', 'crossed:tokens', 'crossed:cost')
      local figures = { tokens = { stored(row[1]), stored(row[2]), row[5] }, cost = { stored(row[3]), stored(row[4]), row[6] } }
      for _, metric in ipairs(METRICS) do
        local limit = limits[window .. ':' .. metric]
        local used, held, told = figures[metric][1], figures[metric][2], figures[metric][3]
        local after = used + held + requested[metric]
        -- An amount of nothing always fits, also where a limit was lowered below what is used.
        if requested[metric] > 0 and after > (limit or MAX_AMOUNT) then
          return { 'denied', tostring(position - 4), window, metric, text(limit or MAX_AMOUNT), text(used), text(held), text(requested[metric]) }
        end
        if limit and limit > 0 and after * 5 >= limit * 4 and told ~= text(limit) then
          table.insert(crossed, { account, window, metric, text(limit), text(used), text(held + requested[metric]), key })
        end
      end
      local is_new = not (row[1] or row[2] or row[3] or row[4])
      table.insert(places, { key, is_new and ids[window][2] or 0 })
    end
  end
end

local keys = {}
for _, place in ipairs(places) do
  local key, ends_at = place[1], place[2]
  -- Also for a hold of nothing, so that the row exists when the settlement comes.
  redis.call('HINCRBY', key, 'held:tokens', text(requested.tokens))
  add(key, 'held:cost', requested.cost)
  -- Only a window that is new has no end yet: nothing else makes one.
  if ends_at > 0 then redis.call('PEXPIREAT', key, text(ends_at * 1000 + KEEP_AFTER_END_MS)) end
  table.insert(keys, key)
end
for _, notice in ipairs(crossed) do
  -- The limit it was told for: a raised limit may be crossed again.
  redis.call('HSET', notice[7], 'crossed:' .. notice[3], notice[4])
end
redis.call('HSET', reservation, 'state', 'held', 'fingerprint', fingerprint, 'tokens', text(requested.tokens), 'cost', text(requested.cost), 'keys', table.concat(keys, ' '), 'endpoint', ARGV[6], 'model', ARGV[7], 'owner', ARGV[8], 'day', string.sub(utc.day[1], 2))
-- Whoever takes this attempt over tells it again: the first may have died before it could.
if #crossed > 0 then redis.call('HSET', reservation, 'crossed', cjson.encode(crossed)) end
redis.call('ZADD', leases, text(at_ms + lease_ms), id)
return { 'held', crossed }
`;
