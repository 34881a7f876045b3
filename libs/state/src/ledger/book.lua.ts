import { reservation as on } from './account-layout.js';
import { unreportedPrefix, vendorsPrefix } from './ledger-keys.js';

/** How long the books of a day are kept: longer than a vendor takes to send its bill. */
const KEEP_BOOKS_MS = 40 * 86_400_000;

/**
 * Lua: what a vendor's bill is compared with. In the same script that charges the accounts, each charge is added to its
 * day, endpoint, model and whose word it is: one field with attempts, tokens, those of input, and cost. Charges without the
 * vendor's word are listed one by one.
 */
export const BOOK_LUA = `
local function add_to_book(reservation, word, attempts, tokens, input, cost)
  local key = '${vendorsPrefix}' .. reservation[${on.day}]
  local field = reservation[${on.endpoint}] .. '|' .. reservation[${on.model}] .. '|' .. word
  local a, t, i, c = string.match(redis.call('HGET', key, field) or '0 0 0 0', '^(%S+) (%S+) (%S+) (%S+)$')
  local row = string.format('%.0f %.0f %.0f %.0f', a + attempts, t + tokens, i + input, c + cost)
  -- The first entry of its kind lets the day's book end: all others of that day come within a week of it.
  if redis.call('HSET', key, field, row) == 1 then redis.call('PEXPIRE', key, '${KEEP_BOOKS_MS}') end
end

local function book(reservation, id, word, tokens, input, cost)
  if reservation[${on.day}] == '' then return end
  add_to_book(reservation, word, 1, tokens, input, cost)
  if word == 'reported' then return end
  local key = '${unreportedPrefix}' .. reservation[${on.day}]
  redis.call('HSET', key, id, cjson.encode({ reservation[${on.endpoint}], reservation[${on.model}], word, text(tokens), text(cost) }))
  redis.call('PEXPIRE', key, '${KEEP_BOOKS_MS}')
end

local function unbook(reservation, id, word, tokens, cost)
  if reservation[${on.day}] == '' then return end
  add_to_book(reservation, word, -1, -tokens, 0, -cost)
  redis.call('HDEL', '${unreportedPrefix}' .. reservation[${on.day}], id)
end
`;
