import { LIMIT, NONE, TOLD, account as at, window as of } from './account-layout.js';
import { WINDOWS_LUA } from './windows.lua.js';

/** A window's counters outlive it, so that late settlements still find them. */
const KEEP_AFTER_END_MS = 7 * 86_400_000;
/** A clock that goes back by less than this stays in the windows it had opened. */
const CLOCK_SLACK_SECONDS = 60;

/**
 * Lua: accounts in their values, see account-layout.ts. `write_all(writes, ends)` writes keys and values, in turns, in one
 * command; accounts that are dropped some day keep that day.
 */
export const ACCOUNT_LUA = `
local function account_in(value) return value and cmsgpack.unpack(value) end

local function prefix_of(key) return string.sub(key, 1, -7) end

local function place_of(account, name)
  local place = ${at.windows}
  for known in string.gmatch(account[${at.names}], '%S+') do
    if known == name then return place end
    place = place + ${of.width}
  end
end

local function write_all(writes, ends)
  if writes[1] then redis.call('MSET', unpack(writes)) end
  for key, at_ms in pairs(ends) do redis.call('PEXPIREAT', key, text(at_ms)) end
end
`;

/** Lua: a window that is kept by itself: { figures in the order of a window, whether there were any }. */
export const FETCH_WINDOW_LUA = `
local function fetch_window(prefix, name)
  local row = redis.call('HMGET', prefix .. name, 'used:tokens', 'held:tokens', 'crossed:tokens', 'used:cost', 'held:cost', 'crossed:cost')
  local found = row[1] or row[2] or row[4] or row[5]
  return { 0, stored(row[1]), stored(row[2]), ${NONE}, tonumber(row[3] or ${NONE}), stored(row[4]), stored(row[5]), ${NONE}, tonumber(row[6] or ${NONE}) }, found
end
`;

/**
 * Lua: `open_account(key, value, counted, zone, calendar, at_seconds)` gives an account with the windows that are open at a
 * moment. It writes nothing: where windows have ended or limits were changed, `carry_out` does what its second answer says.
 */
export const OPEN_ACCOUNT_LUA = `
local function reopen(prefix, before, counted, zone, calendar, at_seconds)
${WINDOWS_LUA}${FETCH_WINDOW_LUA}
  local limits, found = {}, redis.call('HGETALL', prefix .. ':limits')
  for index = 1, #found, 2 do limits[found[index]] = tonumber(found[index + 1]) end
  local ids = window_ids(at_seconds, calendar)
  local account = { at_seconds, ${Number.MAX_SAFE_INTEGER}, zone, before and before[${at.droppedAtMs}] or 0, '' }
  local names, kept, moves = {}, {}, { prefix = prefix, before = before, fetched = {}, ended = {} }
  for _, window in ipairs(WINDOWS) do
    local tokens, cost = limits[window .. ':tokens'], limits[window .. ':cost']
    if tokens or cost or string.find(counted, window, 1, true) then
      local name, ends, row = ':' .. window .. ids[window][1], ids[window][2], nil
      local place = before and place_of(before, name)
      if place then
        row = { unpack(before, place, place + ${of.width - 1}) }
      else
        local was_kept
        row, was_kept = fetch_window(prefix, name)
        -- The account's value takes the place of a total that was kept by itself.
        if was_kept and window == 'total' then moves.replaces_total = true elseif was_kept then table.insert(moves.fetched, prefix .. name) end
      end
      row[1], row[${1 + of.tokens + LIMIT}], row[${1 + of.cost + LIMIT}] = ends, tokens or ${NONE}, cost or ${NONE}
      for _, figure in ipairs(row) do table.insert(account, figure) end
      if ends > 0 and ends < account[${at.endsAt}] then account[${at.endsAt}] = ends end
      kept[name] = true
      table.insert(names, name)
    end
  end
  account[${at.names}] = table.concat(names, ' ')
  for name in string.gmatch(before and before[${at.names}] or '', '%S+') do
    if not kept[name] then table.insert(moves.ended, name) end
  end
  return account, moves
end

local function open_account(key, value, counted, zone, calendar, at_seconds)
  local account = account_in(value)
  if account and account[${at.zone}] == zone and at_seconds < account[${at.endsAt}] and at_seconds >= account[${at.openedAt}] - ${CLOCK_SLACK_SECONDS} then return account end
  return reopen(prefix_of(key), account, counted, zone, calendar, at_seconds)
end

local function carry_out(moves, account, at_ms)
  for _, key in ipairs(moves.fetched) do redis.call('DEL', key) end
  for _, name in ipairs(moves.ended) do
    local key, before, place = moves.prefix .. name, moves.before, place_of(moves.before, name)
    for metric, first in pairs({ tokens = place + ${of.tokens}, cost = place + ${of.cost} }) do
      redis.call('HSET', key, 'used:' .. metric, text(before[first]), 'held:' .. metric, text(before[first + 1]))
      if before[first + ${TOLD}] ~= ${NONE} then redis.call('HSET', key, 'crossed:' .. metric, text(before[first + ${TOLD}])) end
    end
    redis.call('PEXPIREAT', key, text(before[place] * 1000 + ${KEEP_AFTER_END_MS}))
  end
  if not moves.replaces_total then return end
  local left_ms = redis.call('PTTL', moves.prefix .. ':total')
  if left_ms > 0 then account[${at.droppedAtMs}] = at_ms + left_ms end
end
`;
