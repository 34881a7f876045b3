import type { World } from '../world.js';
import { allProcesses } from '../world.js';
import { pause, type Fault } from './fault.js';
import { stopped } from './processes.js';

const DOWN_MS = [200, 1_700] as const;

export const natsKill: Fault = { name: 'nats-kill', what: 'SIGKILL of NATS, and back', track: 'surroundings', lastsMs: DOWN_MS, run: (world, { lastsMs }) => down(world, ['nats'], lastsMs) };

export const redisKill: Fault = { name: 'redis-kill', what: 'SIGKILL of Redis, and back', track: 'surroundings', lastsMs: DOWN_MS, weight: 2, run: (world, { lastsMs }) => down(world, ['redis'], lastsMs) };

export const natsHang: Fault = { name: 'nats-hang', what: 'SIGSTOP of NATS, then SIGCONT', track: 'surroundings', lastsMs: [500, 3_000], run: (world, { lastsMs }) => stopped(world.servers.nats.pid, lastsMs) };

/** Longer than a command may take: what it did may or may not have been done. */
export const redisHang: Fault = { name: 'redis-hang', what: 'SIGSTOP of Redis, then SIGCONT', track: 'surroundings', lastsMs: [500, 6_500], run: (world, { lastsMs }) => stopped(world.servers.redis.pid, lastsMs) };

export const powerCut: Fault = {
  name: 'power-cut',
  what: 'SIGKILL of everything at once',
  track: 'surroundings',
  lastsMs: DOWN_MS,
  run: async (world, { lastsMs }) => {
    for (const process of allProcesses(world.stack)) process.kill();
    await down(world, ['nats', 'redis'], lastsMs);
  },
};

export const natsWipe: Fault = {
  name: 'nats-wipe',
  what: 'all that JetStream stored is lost',
  track: 'surroundings',
  lastsMs: [0, 0],
  run: ({ servers }) => servers.nats.wipe(),
};

export const natsRollback: Fault = {
  name: 'nats-rollback',
  what: 'JetStream comes back as it was some seconds before',
  track: 'surroundings',
  lastsMs: [1_000, 3_000],
  run: async ({ servers }, { lastsMs }) => {
    await servers.nats.keepCopy();
    await pause(lastsMs);
    await servers.nats.goBack();
  },
};

/** What was journaled comes back; so it is asked for by name, without losses of the journal beside it, and with a strict journal. */
export const redisRollback: Fault = {
  name: 'redis-rollback',
  what: 'Redis comes back as it was some seconds before',
  track: 'surroundings',
  lastsMs: [1_000, 3_000],
  environment: { TRIVET_STRICT_JOURNAL: '1' },
  run: async ({ servers }, { lastsMs }) => {
    await servers.redis.keepCopy();
    await pause(lastsMs);
    await servers.redis.goBack();
  },
};

/** The disk is slow, and in the middle of it Redis is killed: what it answered has to be there all the same. */
export const slowDisk: Fault = {
  name: 'slow-disk',
  what: 'fsync of Redis takes 30 to 230 ms longer; SIGKILL of Redis in the middle',
  track: 'surroundings',
  lastsMs: [2_000, 4_000],
  unavailable: ({ disk }) => ('unavailable' in disk ? disk.unavailable : null),
  run: async (world, { lastsMs, aim }) => {
    const { disk, servers } = world;
    if ('unavailable' in disk) return;
    disk.setDelayMs(30 + 200 * aim);
    try {
      await pause(lastsMs / 2);
      await servers.redis.kill();
      await servers.redis.restart();
      await pause(lastsMs / 2);
    } finally {
      disk.setDelayMs(0);
    }
  },
};

async function down({ servers }: World, names: readonly ('nats' | 'redis')[], forMs: number): Promise<void> {
  await Promise.all(names.map((name) => servers[name].kill()));
  await pause(forMs);
  await Promise.all(names.map((name) => servers[name].restart()));
}
