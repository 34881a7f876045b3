import type { Alteration } from '@trivet/testing';

/** A safeguard of the system, and how a run is made without it: what must turn red. Nothing in the services knows of this. */
export interface Safeguard {
  name: string;
  what: string;
  /** Places of the services' built code, changed as a test loads it. */
  alterations?: readonly Alteration[];
  appendfsync?: 'everysec';
  /** Faults and load that show its absence soon. */
  faults: readonly string[];
  seconds: number;
  fsyncDelayMs?: number;
}

const COMMIT = '/state/dist/workflow/commit.lua.js';
const CALLS = '/state/dist/calls/calls.lua.js';

export const SAFEGUARDS: readonly Safeguard[] = [
  {
    name: 'version',
    what: 'a commit changes only the version it was decided on',
    alterations: [
      { file: COMMIT, find: "elseif version ~= expected then\n    return {'CONFLICT', version}\n  end", put: 'end' },
      { file: COMMIT, find: "if tonumber(current[5] or '0') + #events ~= seq then return {'CONFLICT', version} end", put: '' },
    ],
    faults: ['none'],
    seconds: 8,
  },
  {
    name: 'claim',
    what: 'a call that is held or done is not taken again',
    alterations: [
      { file: CALLS, find: "if not known[1] and child ~= '1' then return {'UNKNOWN'} end", put: '' },
      { file: CALLS, find: "if known[1] == 'done' or known[1] == 'reported' then return {'DONE'} end", put: '' },
      { file: CALLS, find: "if known[1] == 'held' and known[3] ~= worker then return {'BUSY', known[3]} end", put: '' },
    ],
    faults: ['nats-rollback', 'nats-kill'],
    seconds: 25,
  },
  {
    name: 'epoch',
    what: 'a death is counted against the claim it ended, and no other',
    alterations: [{ file: COMMIT, find: "then return {'GUARD', guards[i]} end", put: 'then local _ = guards end' }],
    faults: ['kill'],
    seconds: 25,
  },
  {
    name: 'op-id',
    what: 'a commit that is sent again is recognised',
    alterations: [
      { file: COMMIT, find: "if ops == op or string.sub(ops, 1, #op + 1) == op .. ' ' then return {'REPLAY', version} end", put: '' },
      { file: COMMIT, find: "if string.find(ops .. ' ', ' ' .. op .. ' ', 1, true) then return {'REPLAY', version, 'moved'} end", put: '' },
      { file: COMMIT, find: "and repeats(events_key, seq, chain, #events) then return {'REPLAY', version, 'moved'} end", put: 'then local _ = repeats end' },
    ],
    faults: ['lost-replies'],
    seconds: 40,
  },
  {
    name: 'due',
    what: 'a call that is dealt is looked at again',
    alterations: [
      { file: CALLS, find: "redis.call('ZADD', KEYS[1], now + unconfirmed, member)", put: '' },
      { file: COMMIT, find: "call('ZADD', due, int(now + unconfirmed), text)", put: '' },
    ],
    faults: ['nats-wipe', 'nats-kill', 'kill'],
    seconds: 12,
  },
  {
    name: 'always',
    what: 'Redis answers when a write is on disk (appendfsync always)',
    appendfsync: 'everysec',
    fsyncDelayMs: 1_500,
    faults: ['redis-kill'],
    seconds: 20,
  },
];

/** @throws RangeError that names the ones there are */
export function safeguardNamed(name: string): Safeguard {
  const safeguard = SAFEGUARDS.find((each) => each.name === name);
  if (!safeguard) throw new RangeError(`There is no safeguard '${name}'; there are ${SAFEGUARDS.map((each) => each.name).join(', ')}`);
  return safeguard;
}
