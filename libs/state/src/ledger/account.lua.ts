import { AMOUNTS_LUA } from './amounts.lua.js';
import { WINDOWS_LUA } from './windows.lua.js';

/**
 * Sets limits of one account, all or none. KEYS: account prefix.
 * ARGV: '1' to keep limits that exist, then triples: window, metric, amount or 'none'. A lifted limit is stored as
 * 'none', so that setting it again only-if-absent does not bring it back.
 */
export const SET_LIMITS_LUA = `${AMOUNTS_LUA}
local command = ARGV[1] == '1' and 'HSETNX' or 'HSET'
for index = 2, #ARGV, 3 do
  if ARGV[index + 2] ~= 'none' then amount(ARGV[index + 2], 'limit of ' .. ARGV[index]) end
end
for index = 2, #ARGV, 3 do
  redis.call(command, KEYS[1] .. ':limits', ARGV[index] .. ':' .. ARGV[index + 1], ARGV[index + 2])
end
return 'OK'
`;

/**
 * Limits and balances of one account in the windows that are open now. KEYS: account prefix.
 * ARGV: the windows that always count, the calendar of its days and months ('' for UTC). Answers rows: window, end in seconds, limit, used, held of tokens, then of cost
 * ('' for no limit).
 */
export const READ_ACCOUNT_LUA = `${AMOUNTS_LUA}${WINDOWS_LUA}
local limits = {}
local pairs_read = redis.call('HGETALL', KEYS[1] .. ':limits')
for index = 1, #pairs_read, 2 do
  if pairs_read[index + 1] ~= 'none' then limits[pairs_read[index]] = pairs_read[index + 1] end
end
local _, at_seconds = now_ms()
local ids = window_ids(at_seconds, ARGV[2])
local rows = {}
for _, window in ipairs(WINDOWS) do
  local tokens, cost = limits[window .. ':tokens'], limits[window .. ':cost']
  if tokens or cost or string.find(ARGV[1], window, 1, true) then
    local row = redis.call('HMGET', KEYS[1] .. ':' .. window .. ids[window][1], 'used:tokens', 'held:tokens', 'used:cost', 'held:cost')
    table.insert(rows, { window, text(ids[window][2]), tokens or '', row[1] or '0', row[2] or '0', cost or '', row[3] or '0', row[4] or '0' })
  end
end
return rows
`;

/** Lets an account end some time after its owner did. KEYS: account prefix. ARGV: keep in ms. */
export const RETIRE_ACCOUNT_LUA = `${AMOUNTS_LUA}
local keep_ms = text(amount(ARGV[1], 'keepMs'))
redis.call('PEXPIRE', KEYS[1] .. ':limits', keep_ms)
redis.call('PEXPIRE', KEYS[1] .. ':total', keep_ms)
return 'OK'
`;
