import { HELD, LIMIT, NONE, USED, account as at, window as of } from './account-layout.js';
import { AMOUNTS_LUA } from './amounts.lua.js';
import { ACCOUNT_LUA, FETCH_WINDOW_LUA, OPEN_ACCOUNT_LUA } from './open-account.lua.js';

/**
 * Sets limits of one account, all or none. KEYS: account, its limits.
 * ARGV: '1' to keep limits that exist, then triples: window, metric, amount or 'none'. A lifted limit is stored as
 * 'none', so that setting it again only-if-absent does not bring it back. The account takes its limits over when it is opened next.
 */
export const SET_LIMITS_LUA = `${AMOUNTS_LUA}${ACCOUNT_LUA}
local command = ARGV[1] == '1' and 'HSETNX' or 'HSET'
for index = 2, #ARGV, 3 do
  if ARGV[index + 2] ~= 'none' then amount(ARGV[index + 2], 'limit of ' .. ARGV[index]) end
end
for index = 2, #ARGV, 3 do
  redis.call(command, KEYS[2], ARGV[index] .. ':' .. ARGV[index + 1], ARGV[index + 2])
end
local account = account_in(redis.call('MGET', KEYS[1])[1])
if account then
  account[${at.endsAt}] = 0
  redis.call('SET', KEYS[1], cmsgpack.pack(account), 'KEEPTTL')
end
return 'OK'
`;

/**
 * Limits and balances of one account in the windows that are open now. KEYS: account.
 * ARGV: the windows that always count, its time zone ('' for UTC), the calendar of that ('' for UTC). Answers rows: window, end in seconds, limit, used, held of tokens, then of cost
 * ('' for no limit).
 */
export const READ_ACCOUNT_LUA = `${AMOUNTS_LUA}${ACCOUNT_LUA}${OPEN_ACCOUNT_LUA}
local function limit_text(limit) return limit == ${NONE} and '' or text(limit) end

local _, at_seconds = now_ms()
local account = open_account(KEYS[1], redis.call('MGET', KEYS[1])[1], ARGV[1], ARGV[2], ARGV[3], at_seconds)
local rows, place = {}, ${at.windows}
for window in string.gmatch(account[${at.names}], ':(%a+)%S*') do
  local tokens, cost = place + ${of.tokens}, place + ${of.cost}
  table.insert(rows, {
    window, text(account[place]),
    limit_text(account[tokens + ${LIMIT}]), text(account[tokens + ${USED}]), text(account[tokens + ${HELD}]),
    limit_text(account[cost + ${LIMIT}]), text(account[cost + ${USED}]), text(account[cost + ${HELD}]),
  })
  place = place + ${of.width}
end
return rows
`;

/** What an account used on a day, tokens and cost; nothing where that is not kept. KEYS: account. ARGV: the day. */
export const READ_DAY_LUA = `${AMOUNTS_LUA}${ACCOUNT_LUA}${FETCH_WINDOW_LUA}
local account, name = account_in(redis.call('MGET', KEYS[1])[1]), ':day:' .. ARGV[1]
local place = account and place_of(account, name)
if place then return { text(account[place + ${of.tokens + USED}]), text(account[place + ${of.cost + USED}]) } end
local row, found = fetch_window(prefix_of(KEYS[1]), name)
return found and { text(row[${1 + of.tokens + USED}]), text(row[${1 + of.cost + USED}]) } or false
`;

/** Lets accounts end some time after their owners did. KEYS: accounts, each with its limits. ARGV: keep in ms. */
export const RETIRE_ACCOUNTS_LUA = `${AMOUNTS_LUA}${ACCOUNT_LUA}
local keep_ms = amount(ARGV[1], 'keepMs')
local at_ms = now_ms()
for index = 1, #KEYS, 2 do
  redis.call('PEXPIRE', KEYS[index + 1], text(keep_ms))
  local account = account_in(redis.call('MGET', KEYS[index])[1])
  if account then
    account[${at.droppedAtMs}] = at_ms + keep_ms
    redis.call('SET', KEYS[index], cmsgpack.pack(account))
  end
  redis.call('PEXPIRE', KEYS[index], text(keep_ms))
end
return 'OK'
`;

/** Keeps accounts for good that were to end. KEYS: accounts, each with its limits. */
export const KEEP_ACCOUNTS_LUA = `${ACCOUNT_LUA}
for index = 1, #KEYS, 2 do
  redis.call('PERSIST', KEYS[index + 1])
  local account = account_in(redis.call('MGET', KEYS[index])[1])
  if account then
    account[${at.droppedAtMs}] = 0
    redis.call('SET', KEYS[index], cmsgpack.pack(account))
  else
    redis.call('PERSIST', KEYS[index])
  end
end
return 'OK'
`;
