/**
 * Lua: `civil(days)` gives year, month and day of a day counted from 1970, by the civil-from-days algorithm of Howard Hinnant
 * (https://howardhinnant.github.io/date_algorithms.html#civil_from_days).
 */
const CIVIL_LUA = `
local function civil(days)
  local z = days + 719468
  local era = math.floor(z / 146097)
  local doe = z - era * 146097
  local yoe = math.floor((doe - math.floor(doe / 1460) + math.floor(doe / 36524) - math.floor(doe / 146096)) / 365)
  local doy = doe - (365 * yoe + math.floor(yoe / 4) - math.floor(yoe / 100))
  local mp = math.floor((5 * doy + 2) / 153)
  local day = doy - math.floor((153 * mp + 2) / 5) + 1
  local month = mp < 10 and mp + 3 or mp - 9
  local year = yoe + era * 400
  if month <= 2 then year = year + 1 end
  return year, month, day
end
`;

/** Lua: the day of a moment, YYYY-MM-DD in UTC. */
export const UTC_DAY_LUA = `${CIVIL_LUA}
local function utc_day(seconds) return string.format('%04d-%02d-%02d', civil(math.floor(seconds / 86400))) end
`;

/**
 * Lua: which windows are open at a moment. `window_ids(seconds, calendar)` gives, for each window, the part of the
 * key that names it and the second it ends (0: never). Without a calendar all are of UTC; with one, days and months are
 * as it says: `day=2026-11-27@1795708800,2026-11-28@1795795200;month=…`, each id with the second it ends, in order, the
 * first of them long begun. Which of them is open, the caller's clock does not decide.
 */
export const WINDOWS_LUA = `
local WINDOWS = { 'total', 'minute', 'hour', 'day', 'month' }

local function days_of_month(year, month)
  local y = year
  if month <= 2 then y = y - 1 end
  local era = math.floor(y / 400)
  local yoe = y - era * 400
  local shifted = month > 2 and month - 3 or month + 9
  local doy = math.floor((153 * shifted + 2) / 5)
  local doe = yoe * 365 + math.floor(yoe / 4) - math.floor(yoe / 100) + doy
  return era * 146097 + doe - 719468
end

${CIVIL_LUA}
local function window_ids(seconds, calendar)
  local days = math.floor(seconds / 86400)
  local year, month, day = civil(days)
  local hour = math.floor(seconds % 86400 / 3600)
  local minute = math.floor(seconds % 3600 / 60)
  local next_year, next_month = year, month + 1
  if next_month == 13 then next_year, next_month = year + 1, 1 end
  local ids = {
    total = { '', 0 },
    minute = { string.format(':%04d-%02d-%02dT%02d-%02d', year, month, day, hour, minute), (math.floor(seconds / 60) + 1) * 60 },
    hour = { string.format(':%04d-%02d-%02dT%02d', year, month, day, hour), (math.floor(seconds / 3600) + 1) * 3600 },
    day = { string.format(':%04d-%02d-%02d', year, month, day), (days + 1) * 86400 },
    month = { string.format(':%04d-%02d', year, month), days_of_month(next_year, next_month) * 86400 },
  }
  for window, list in string.gmatch(calendar or '', '(%a+)=([^;]+)') do
    local found = nil
    for id, ends in string.gmatch(list, '([^@,]+)@(%d+)') do
      if not found and seconds < tonumber(ends) then found = { ':' .. id, tonumber(ends) } end
    end
    if not found then error({ err = 'LEDGER the calendar ' .. list .. ' ends before ' .. seconds .. '; the clock of its sender is wrong' }) end
    ids[window] = found
  end
  return ids
end
`;
