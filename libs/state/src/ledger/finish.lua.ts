import { HELD, USED, account as at, reservation as on, window as of } from './account-layout.js';
import { AMOUNTS_LUA } from './amounts.lua.js';
import { BOOK_LUA } from './book.lua.js';
import { ACCOUNT_LUA } from './open-account.lua.js';
import { RESERVATION_LUA } from './reservation.lua.js';

/**
 * Lua: the transitions of a reservation, held → settled | released | expired, and expired → settled | released (a late
 * answer corrects what the lapse charged). Each is done once; a repeat changes nothing and names the state.
 * `finish(key, id, leases, transition, tokens, cost, keep_ms, word)` answers { outcome, state, over, corrected } and the
 * reservation. The word is whose it is that so much was used: `reported` by the vendor, `estimated` by us; what lapsed is nobody's.
 */
const TRANSITIONS_LUA = `${AMOUNTS_LUA}${ACCOUNT_LUA}${RESERVATION_LUA}${BOOK_LUA}
local function add_to_row(account, place, held_tokens, held_cost, used_tokens, used_cost)
  local tokens, cost = place + ${of.tokens}, place + ${of.cost}
  account[tokens + ${USED}], account[tokens + ${HELD}] = account[tokens + ${USED}] + used_tokens, account[tokens + ${HELD}] + held_tokens
  account[cost + ${USED}], account[cost + ${HELD}] = account[cost + ${USED}] + used_cost, account[cost + ${HELD}] + held_cost
end

-- Into the windows it was reserved in, wherever they are by now. Answers whether the account's value was changed.
local function add_to_windows(key, account, names, held_tokens, held_cost, used_tokens, used_cost)
  local changed = false
  for name in string.gmatch(names, '%S+') do
    local place, by_itself = account and place_of(account, name), prefix_of(key) .. name
    if place then
      add_to_row(account, place, held_tokens, held_cost, used_tokens, used_cost)
      changed = true
    -- A window that ended long ago is gone; writing to it would bring it back with a negative hold.
    elseif redis.call('EXISTS', by_itself) == 1 then
      add(by_itself, 'held:tokens', held_tokens)
      add(by_itself, 'held:cost', held_cost)
      add(by_itself, 'used:tokens', used_tokens)
      add(by_itself, 'used:cost', used_cost)
    end
  end
  return changed
end

local function add_to_accounts(reservation, held_tokens, held_cost, used_tokens, used_cost)
  local keys, writes, ends = {}, {}, {}
  for index = ${on.accounts}, #reservation, 2 do keys[#keys + 1] = reservation[index] end
  for index, value in ipairs(redis.call('MGET', unpack(keys))) do
    local key, account, names, changed = keys[index], account_in(value), reservation[2 * index + ${on.accounts - 1}], true
    if account and account[${at.names}] == names then
      for place = ${at.windows}, #account, ${of.width} do add_to_row(account, place, held_tokens, held_cost, used_tokens, used_cost) end
    else
      changed = add_to_windows(key, account, names, held_tokens, held_cost, used_tokens, used_cost)
    end
    if changed then
      writes[#writes + 1] = key
      writes[#writes + 1] = cmsgpack.pack(account)
      if account[${at.droppedAtMs}] > 0 then ends[key] = account[${at.droppedAtMs}] end
    end
  end
  write_all(writes, ends)
end

local function finish(key, id, leases, transition, tokens, cost, keep_ms, word, input)
  local reservation = find_reservation(key)
  if not reservation then
    redis.call('ZREM', leases, id)
    return { 'missing', '', '0', '0' }
  end
  local state = reservation[${on.state}]
  if state == 'settled' or state == 'released' or (state == 'expired' and transition == 'expired') then
    return { 'replayed', state, '0', '0' }, reservation
  end
  local held_tokens, held_cost = reservation[${on.heldTokens}], reservation[${on.heldCost}]
  if transition == 'released' then tokens, cost = 0, 0 end
  -- Nobody knows what a call that vanished has spent: the whole hold is charged, never refunded.
  if transition == 'expired' then tokens, cost = held_tokens, held_cost end
  local is_held, lapsed_tokens, lapsed_cost = state == 'held', reservation[${on.chargedTokens}], reservation[${on.chargedCost}]
  add_to_accounts(reservation, is_held and -held_tokens or 0, is_held and -held_cost or 0, tokens - lapsed_tokens, cost - lapsed_cost)
  reservation[${on.state}], reservation[${on.chargedTokens}], reservation[${on.chargedCost}] = transition, tokens, cost
  redis.call('SET', key, cmsgpack.pack(reservation), 'PX', text(keep_ms))
  if state == 'expired' then unbook(reservation, id, 'lapsed', lapsed_tokens, lapsed_cost) end
  if transition ~= 'released' then book(reservation, id, transition == 'expired' and 'lapsed' or word, tokens, input or 0, cost) end
  redis.call('ZREM', leases, id)
  local over = (tokens > held_tokens or cost > held_cost) and '1' or '0'
  return { 'done', transition, over, state == 'expired' and '1' or '0' }, reservation
end
`;

/**
 * Settles or releases one reservation, and with a settlement records the call's result: one script, so that no crash
 * can leave a charge without its answer.
 * KEYS: reservation, leases, result key. ARGV: id, transition, tokens, nano-USD, keep in ms, result ('' for none), whose
 * word the usage is, and how much of the tokens was input.
 */
export const FINISH_LUA = `${TRANSITIONS_LUA}
local tokens, cost, keep_ms = amount(ARGV[3], 'tokens'), amount(ARGV[4], 'nanoUsd'), math.max(amount(ARGV[5], 'keepMs'), 1)
local input = amount(ARGV[8], 'inputTokens')
local answer = finish(KEYS[1], ARGV[1], KEYS[2], ARGV[2], tokens, cost, keep_ms, ARGV[7], input)
-- The first recorded result stands, also when the reservation was lost: computing it again would cost again.
answer[5] = ARGV[6]
if ARGV[6] ~= '' and not redis.call('SET', KEYS[3], ARGV[6], 'NX', 'PX', text(keep_ms)) then answer[5] = redis.call('GET', KEYS[3]) end
return answer
`;

/**
 * Ends leases that ran out: charges each hold in full and keeps the record for a late settlement.
 * KEYS: leases, reservation prefix. ARGV: most to end, keep in ms, '' or the one id to end whatever its lease.
 * Answers id and charges of each; the one id also when it had expired before.
 */
export const EXPIRE_LUA = `${TRANSITIONS_LUA}
local limit, keep_ms = amount(ARGV[1], 'limit'), amount(ARGV[2], 'keepMs')
local due = { ARGV[3] }
if ARGV[3] == '' then due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', text((now_ms())), 'LIMIT', 0, limit) end
local ended = {}
for _, id in ipairs(due) do
  local answer, reservation = finish(KEYS[2] .. id, id, KEYS[1], 'expired', 0, 0, keep_ms, 'lapsed')
  local known = ARGV[3] ~= '' and answer[2] == 'expired'
  if answer[1] == 'done' or known then table.insert(ended, { id, text(reservation[${on.heldTokens}]), text(reservation[${on.heldCost}]) }) end
end
return ended
`;

/** A call that still runs keeps its hold. KEYS: reservation, leases. ARGV: id, lease in ms. Answers its state. */
export const EXTEND_LUA = `${AMOUNTS_LUA}${RESERVATION_LUA}
local lease_ms = amount(ARGV[2], 'leaseMs')
local reservation = find_reservation(KEYS[1])
if not reservation then return 'missing' end
if reservation[${on.state}] == 'held' then redis.call('ZADD', KEYS[2], 'XX', text((now_ms()) + lease_ms), ARGV[1]) end
return reservation[${on.state}]
`;

/** What was charged for a reservation. KEYS: reservation. Answers its state, tokens and cost; nothing where there is none. */
export const READ_RESERVATION_LUA = `${AMOUNTS_LUA}${RESERVATION_LUA}
local reservation = find_reservation(KEYS[1])
return reservation and { reservation[${on.state}], text(reservation[${on.chargedTokens}]), text(reservation[${on.chargedCost}]) } or false
`;
