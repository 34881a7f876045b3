import { startRedis } from '@trivet/testing';
import fc from 'fast-check';
import { connectRedis } from '../redis.js';
import { WINDOWS_LUA } from './windows.lua.js';

const ASK = `${WINDOWS_LUA}
local ids = window_ids(tonumber(ARGV[1]))
local rows = {}
for _, window in ipairs(WINDOWS) do table.insert(rows, ids[window][1]); table.insert(rows, string.format('%.0f', ids[window][2])) end
return rows`;

describe('the windows of a moment', () => {
  it('are those of the UTC calendar, from 1970 to 2200', async () => {
    const server = await startRedis({ appendfsync: 'no' });
    const redis = connectRedis({ url: server.url, name: 'test' });
    const boundaries = ['2024-02-28T23:59:59Z', '2024-02-29T00:00:00Z', '2025-02-28T23:59:59Z', '2025-03-01T00:00:00Z', '2026-12-31T23:59:59Z', '2100-02-28T23:59:59Z'];
    const second = fc.oneof(fc.integer({ min: 0, max: Date.UTC(2200, 0) / 1000 }), fc.constantFrom(...boundaries.map((text) => Date.parse(text) / 1000)));
    try {
      await fc.assert(fc.asyncProperty(second, async (at) => expect(await redis.eval(ASK, 0, String(at))).toEqual(expected(at))), { numRuns: 2_000 });
    } finally {
      redis.disconnect();
      await server.stop();
    }
  });
});

function expected(at: number): string[] {
  const date = new Date(at * 1000);
  const iso = date.toISOString();
  const end = (month: number, day: number, hour: number, minute: number): string => String(Date.UTC(date.getUTCFullYear(), month, day, hour, minute) / 1000);
  const [month, day, hour, minute] = [date.getUTCMonth(), date.getUTCDate(), date.getUTCHours(), date.getUTCMinutes()];
  return [
    '', '0',
    `:${iso.slice(0, 16).replace(/:/g, '-')}`, end(month, day, hour, minute + 1),
    `:${iso.slice(0, 13)}`, end(month, day, hour + 1, 0),
    `:${iso.slice(0, 10)}`, end(month, day + 1, 0, 0),
    `:${iso.slice(0, 7)}`, end(month + 1, 1, 0, 0),
  ];
}
