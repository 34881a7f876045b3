/** Lua: reservations in their values, see account-layout.ts. Nil where there is none. */
export const RESERVATION_LUA = `
local function reservation_of_hash(key)
  local row = redis.call('HMGET', key, 'state', 'fingerprint', 'tokens', 'cost', 'charged:tokens', 'charged:cost', 'owner', 'endpoint', 'model', 'day', 'crossed', 'keys')
  if not row[1] then return nil end
  local reservation = { row[1], row[2] or '', stored(row[3]), stored(row[4]), stored(row[5]), stored(row[6]), row[7] or '', row[8] or '', row[9] or '', row[10] or '', row[11] or '' }
  local last
  for key_of_window in string.gmatch(row[12] or '', '%S+') do
    -- <prefix>:total or <prefix>:<window>:<id>
    local prefix, name = string.match(key_of_window, '^(.*)(:total)$')
    if not prefix then prefix, name = string.match(key_of_window, '^(.*)(:%a+:[^:]+)$') end
    if prefix == last then
      reservation[#reservation] = reservation[#reservation] .. ' ' .. name
    else
      table.insert(reservation, prefix .. ':total')
      table.insert(reservation, name)
      last = prefix
    end
  end
  return reservation
end

local function reservation_in(key, value)
  if value then return cmsgpack.unpack(value) end
  if redis.call('EXISTS', key) == 1 then return reservation_of_hash(key) end
end

-- To ask GET for a hash of a version before this one would be an error.
local function find_reservation(key) return reservation_in(key, redis.call('MGET', key)[1]) end
`;
