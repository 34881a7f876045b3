import { LIMIT, NONE, HELD, TOLD, account as at, reservation as on, window as of } from './account-layout.js';
import { AMOUNTS_LUA } from './amounts.lua.js';
import { ACCOUNT_LUA, OPEN_ACCOUNT_LUA } from './open-account.lua.js';
import { RESERVATION_LUA } from './reservation.lua.js';
import { UTC_DAY_LUA } from './windows.lua.js';

/**
 * Holds an upper bound on every account in every window that counts, or on none.
 * KEYS: leases, result of the call, reservation, then one account each (all keys carry the same hash tag).
 * ARGV: reservation id, fingerprint, tokens, nano-USD, lease in ms, endpoint and model it is for, its owner ('' for
 * nobody in particular), then for each account the windows that always count, its time zone and the calendar of that (both ''
 * for UTC).
 * Answers: recorded + the result of the call, if it has ended; nothing is held then | held + crossed thresholds | replayed state, hold, charge and the thresholds it crossed then | conflict | denied + figures of the first window that is full.
 */
export const RESERVE_LUA = `${AMOUNTS_LUA}${ACCOUNT_LUA}${OPEN_ACCOUNT_LUA}${RESERVATION_LUA}${UTC_DAY_LUA}
local tokens, cost = amount(ARGV[3], 'tokens'), amount(ARGV[4], 'nanoUsd')
local lease_ms = amount(ARGV[5], 'leaseMs')

local values = redis.call('MGET', unpack(KEYS, 2))
if values[1] then return { 'recorded', values[1] } end

local before = reservation_in(KEYS[3], values[2])
if before then
  if before[${on.fingerprint}] ~= ARGV[2] then return { 'conflict' } end
  local crossed = before[${on.crossed}] ~= '' and cjson.decode(before[${on.crossed}]) or {}
  -- Its owner asks again because the first answer was lost on the way: it is told the same.
  if before[${on.state}] == 'held' and ARGV[8] ~= '' and before[${on.owner}] == ARGV[8] then return { 'held', crossed } end
  return { 'replayed', before[${on.state}], text(before[${on.heldTokens}]), text(before[${on.heldCost}]), text(before[${on.chargedTokens}]), text(before[${on.chargedCost}]), crossed }
end

local at_ms, at_seconds = now_ms()
local crossed = {}

local function name_of_window(account, place)
  for name in string.gmatch(account[${at.names}], ':(%a+)%S*') do
    if place == ${at.windows} then return name end
    place = place - ${of.width}
  end
end

local function denial(account, place, metric, first, requested, position)
  local limit = account[first + ${LIMIT}] == ${NONE} and MAX_AMOUNT or account[first + ${LIMIT}]
  return { 'denied', tostring(position), name_of_window(account, place), metric, text(limit), text(account[first]), text(account[first + ${HELD}]), text(requested) }
end

-- Adds to what is held in a window, in memory. Answers whether it is full instead.
local function hold(account, place, metric, first, requested, position)
  local limit, after = account[first + ${LIMIT}], account[first] + account[first + ${HELD}] + requested
  -- An amount of nothing always fits, also where a limit was lowered below what is used.
  if requested > 0 and after > (limit == ${NONE} and MAX_AMOUNT or limit) then return true end
  account[first + ${HELD}] = account[first + ${HELD}] + requested
  if limit > 0 and after * 5 >= limit * 4 and account[first + ${TOLD}] ~= limit then
    -- The limit it was told for: a raised limit may be crossed again.
    account[first + ${TOLD}] = limit
    table.insert(crossed, { prefix_of(KEYS[position + 4]), name_of_window(account, place), metric, text(limit), text(account[first]), text(account[first + ${HELD}]) })
  end
end

-- Everything is checked before anything is written.
local accounts, moves = {}, {}
for position = 0, #KEYS - 4 do
  local given = 9 + 3 * position
  local account, moved = open_account(KEYS[position + 4], values[position + 3], ARGV[given], ARGV[given + 1], ARGV[given + 2], at_seconds)
  for place = ${at.windows}, #account, ${of.width} do
    if hold(account, place, 'tokens', place + ${of.tokens}, tokens, position) then return denial(account, place, 'tokens', place + ${of.tokens}, tokens, position) end
    if hold(account, place, 'cost', place + ${of.cost}, cost, position) then return denial(account, place, 'cost', place + ${of.cost}, cost, position) end
  end
  accounts[position + 1], moves[position + 1] = account, moved or false
end

-- Whoever takes this attempt over tells of the thresholds again: the first may have died before it could.
local reservation = { 'held', ARGV[2], tokens, cost, 0, 0, ARGV[8], ARGV[6], ARGV[7], utc_day(at_seconds), #crossed > 0 and cjson.encode(crossed) or '' }
local writes, ends = { KEYS[3], '' }, {}
for index, account in ipairs(accounts) do
  local key = KEYS[index + 3]
  if moves[index] then carry_out(moves[index], account, at_ms) end
  if account[${at.droppedAtMs}] > 0 then ends[key] = account[${at.droppedAtMs}] end
  writes[2 * index + 1], writes[2 * index + 2] = key, cmsgpack.pack(account)
  reservation[2 * index + ${on.accounts - 2}], reservation[2 * index + ${on.accounts - 1}] = key, account[${at.names}]
end
writes[2] = cmsgpack.pack(reservation)
write_all(writes, ends)
redis.call('ZADD', KEYS[1], text(at_ms + lease_ms), ARGV[1])
return { 'held', crossed }
`;
