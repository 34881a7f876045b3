import { unreportedPrefix, vendorsPrefix } from './ledger-keys.js';

/** How long the books of a day are kept: longer than a vendor takes to send its bill. */
const KEEP_BOOKS_MS = 40 * 86_400_000;

/**
 * Lua: what a vendor's bill is compared with. In the same script that charges the accounts, each charge is added to its
 * day, endpoint, model and whose word it is; those without the vendor's word are listed one by one.
 */
export const BOOK_LUA = `
local function add_to_book(vendor, word, attempts, tokens, input, cost)
  local key = '${vendorsPrefix}' .. vendor.day
  local field = vendor.endpoint .. '|' .. vendor.model .. '|' .. word .. '|'
  add(key, field .. 'attempts', attempts)
  add(key, field .. 'tokens', tokens)
  add(key, field .. 'input', input)
  add(key, field .. 'cost', cost)
  redis.call('PEXPIRE', key, '${KEEP_BOOKS_MS}')
end

local function book(vendor, id, word, tokens, input, cost)
  if not vendor.day then return end
  add_to_book(vendor, word, 1, tokens, input, cost)
  if word == 'reported' then return end
  local key = '${unreportedPrefix}' .. vendor.day
  redis.call('HSET', key, id, cjson.encode({ vendor.endpoint, vendor.model, word, text(tokens), text(cost) }))
  redis.call('PEXPIRE', key, '${KEEP_BOOKS_MS}')
end

local function unbook(vendor, id, word, tokens, cost)
  if not vendor.day then return end
  add_to_book(vendor, word, -1, -tokens, 0, -cost)
  redis.call('HDEL', '${unreportedPrefix}' .. vendor.day, id)
end
`;
