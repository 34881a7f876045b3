/**
 * Lua: amounts and the clock. Lua counts in doubles, so an amount is a decimal text of at most 2^53 - 1; anything
 * else ('nan' and '1e999' pass tonumber and every comparison) is refused before the first write, since an error in
 * the middle of a script does not undo what it wrote.
 */
export const AMOUNTS_LUA = `
local MAX_AMOUNT = 9007199254740991

local function amount(text, name)
  if type(text) ~= 'string' or #text > 16 or not string.match(text, '^%d+$') or tonumber(text) > MAX_AMOUNT then
    error({ err = 'LEDGER ' .. name .. ' must be an integer from 0 to 9007199254740991, got ' .. tostring(text) })
  end
  return tonumber(text)
end

local function stored(value) return tonumber(value or '0') end

local function text(number) return string.format('%.0f', number) end

-- Skips zero, whose negative ('-0') Redis does not take for an integer.
local function add(key, field, number)
  if number ~= 0 then redis.call('HINCRBY', key, field, text(number)) end
end

local function now_ms()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000), tonumber(time[1])
end
`;
