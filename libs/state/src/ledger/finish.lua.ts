import { AMOUNTS_LUA } from './amounts.lua.js';
import { BOOK_LUA } from './book.lua.js';

/**
 * Lua: the transitions of a reservation, held → settled | released | expired, and expired → settled | released (a late
 * answer corrects what the lapse charged). Each is done once; a repeat changes nothing and names the state.
 * `finish(key, id, leases, transition, tokens, cost, keep_ms, word)` answers { outcome, state, over, corrected }. The word
 * is whose it is that so much was used: `reported` by the vendor, `estimated` by us; what lapsed is nobody's.
 */
const TRANSITIONS_LUA = `${AMOUNTS_LUA}${BOOK_LUA}
local function finish(key, id, leases, transition, tokens, cost, keep_ms, word, input)
  local row = redis.call('HMGET', key, 'state', 'tokens', 'cost', 'keys', 'charged:tokens', 'charged:cost', 'endpoint', 'model', 'day')
  local state = row[1]
  if not state then
    redis.call('ZREM', leases, id)
    return { 'missing', '', '0', '0' }
  end
  if state == 'settled' or state == 'released' or (state == 'expired' and transition == 'expired') then
    return { 'replayed', state, '0', '0' }
  end
  local held = { tokens = tonumber(row[2]), cost = tonumber(row[3]) }
  if transition == 'released' then tokens, cost = 0, 0 end
  -- Nobody knows what a call that vanished has spent: the whole hold is charged, never refunded.
  if transition == 'expired' then tokens, cost = held.tokens, held.cost end
  local charged = { tokens = tokens - stored(row[5]), cost = cost - stored(row[6]) }
  for account in string.gmatch(row[4], '%S+') do
    -- A window that ended long ago is gone; writing to it would bring it back with a negative hold.
    if redis.call('EXISTS', account) == 1 then
      if state == 'held' then
        add(account, 'held:tokens', -held.tokens)
        add(account, 'held:cost', -held.cost)
      end
      add(account, 'used:tokens', charged.tokens)
      add(account, 'used:cost', charged.cost)
    end
  end
  redis.call('HSET', key, 'state', transition, 'charged:tokens', text(tokens), 'charged:cost', text(cost))
  local vendor = { endpoint = row[7] or '', model = row[8] or '', day = row[9] }
  if state == 'expired' then unbook(vendor, id, 'lapsed', stored(row[5]), stored(row[6])) end
  if transition ~= 'released' then book(vendor, id, transition == 'expired' and 'lapsed' or word, tokens, input or 0, cost) end
  redis.call('ZREM', leases, id)
  redis.call('PEXPIRE', key, text(keep_ms))
  local over = (tokens > held.tokens or cost > held.cost) and '1' or '0'
  return { 'done', transition, over, state == 'expired' and '1' or '0' }
end
`;

/**
 * Settles or releases one reservation, and with a settlement records the call's result: one script, so that no crash
 * can leave a charge without its answer.
 * KEYS: reservation, leases, result key. ARGV: id, transition, tokens, nano-USD, keep in ms, result ('' for none), whose
 * word the usage is, and how much of the tokens was input.
 */
export const FINISH_LUA = `${TRANSITIONS_LUA}
local tokens, cost, keep_ms = amount(ARGV[3], 'tokens'), amount(ARGV[4], 'nanoUsd'), amount(ARGV[5], 'keepMs')
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
  local row = redis.call('HMGET', KEYS[2] .. id, 'tokens', 'cost')
  local answer = finish(KEYS[2] .. id, id, KEYS[1], 'expired', 0, 0, keep_ms, 'lapsed')
  local known = ARGV[3] ~= '' and answer[2] == 'expired'
  if answer[1] == 'done' or known then table.insert(ended, { id, row[1], row[2] }) end
end
return ended
`;

/** A call that still runs keeps its hold. KEYS: reservation, leases. ARGV: id, lease in ms. Answers its state. */
export const EXTEND_LUA = `${AMOUNTS_LUA}
local lease_ms = amount(ARGV[2], 'leaseMs')
local state = redis.call('HGET', KEYS[1], 'state')
if state == 'held' then redis.call('ZADD', KEYS[2], 'XX', text((now_ms()) + lease_ms), ARGV[1]) end
return state or 'missing'
`;
