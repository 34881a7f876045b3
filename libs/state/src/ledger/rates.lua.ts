import { AMOUNTS_LUA } from './amounts.lua.js';

/**
 * Takes a request and its tokens from an endpoint's buckets, for all replicas together: the generic cell rate algorithm
 * (ITU-T I.371), one theoretical arrival time for each metric. A tenth of a minute's worth may come at once, the rest
 * evenly, so that no minute sees more than the limit. Who has to wait gets a place of its own, so that those who wait do
 * not all come back at once. What is larger than a tenth by itself waits until all before it is paid for.
 * KEYS: buckets of the endpoint. ARGV: requests a minute, tokens a minute (0: any), tokens, most to wait in ms.
 * Answers: '1' and the wait in ms, or '0' and how long the wait would have been; nothing is taken then.
 */
export const TAKE_RATE_LUA = `${AMOUNTS_LUA}
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local limits = { requests = amount(ARGV[1], 'requestsPerMinute'), tokens = amount(ARGV[2], 'tokensPerMinute') }
local costs = { requests = 1, tokens = amount(ARGV[3], 'tokens') }
local wait, arrivals = 0, {}
for _, metric in ipairs({ 'requests', 'tokens' }) do
  if limits[metric] > 0 then
    local interval = 60000000 / (0.9 * limits[metric])
    local burst = math.max(0.1 * limits[metric], 1) * interval
    -- No single request stands in the way of others for longer than a minute.
    local cost = math.min(costs[metric], limits[metric]) * interval
    local arrival = math.max(stored(redis.call('HGET', KEYS[1], metric)), now)
    wait = math.max(wait, arrival + math.min(cost, burst) - burst - now)
    arrivals[metric] = arrival + cost
  end
end
local wait_ms = math.ceil(wait / 1000)
if wait_ms > amount(ARGV[4], 'mostWaitMs') then return { '0', text(wait_ms) } end
for metric, arrival in pairs(arrivals) do
  redis.call('HSET', KEYS[1], metric, text(math.ceil(arrival)))
  redis.call('PEXPIRE', KEYS[1], text(math.ceil((arrival - now) / 1000) + 60000))
end
return { '1', text(wait_ms) }
`;

/** Gives tokens back that were not used. KEYS: buckets of the endpoint. ARGV: tokens a minute, tokens. */
export const GIVE_BACK_RATE_LUA = `${AMOUNTS_LUA}
local per_minute, tokens = amount(ARGV[1], 'tokensPerMinute'), amount(ARGV[2], 'tokens')
if per_minute > 0 and redis.call('HEXISTS', KEYS[1], 'tokens') == 1 then
  add(KEYS[1], 'tokens', -math.floor(tokens * 60000000 / (0.9 * per_minute)))
end
return 'OK'
`;
