import { Command, type Redis } from 'ioredis';
import { createReplicaWatch } from './replica-watch.js';

/** Commands wait at most this long for others. */
const WRITE_WITHIN_MS = 1;

/**
 * Writes many commands at once: a system call that wakes another process costs more than all the rest of a command. While
 * replies are awaited, the next commands wait for the last of them, or for a millisecond; when none are, they go at once.
 * With replicas, each such batch ends with the question whether they have it, and a write is answered when they do.
 */
export function sendTogether(redis: Redis, { replicas }: { replicas: number }): void {
  const send = redis.sendCommand.bind(redis);
  const counted: typeof send = (...command) => {
    awaited += 1;
    const reply = send(...command);
    const arrived = (): void => {
      awaited -= 1;
      if (awaited === 0) release?.();
    };
    Promise.resolve(reply).then(arrived, arrived);
    return reply;
  };
  const watch = replicas > 0 ? createReplicaWatch(redis, replicas, (words) => Promise.resolve(counted(new Command('wait', words)))) : undefined;
  let awaited = 0;
  let release: (() => void) | null = null;

  function cork({ stream }: Redis): void {
    if (release || !stream || !('cork' in stream)) return;
    stream.cork();
    const write = (): void => {
      if (release !== write) return;
      watch?.ask();
      release = null;
      clearTimeout(timer);
      stream.uncork();
    };
    release = write;
    const timer = setTimeout(write, WRITE_WITHIN_MS);
    if (awaited === 0) queueMicrotask(write);
  }

  redis.sendCommand = (...command) => {
    cork(redis);
    const reply = counted(...command);
    if (!watch?.isWrite(command[0])) return reply;
    const kept = watch.whenKept(Promise.resolve(reply));
    // Not written yet, so nobody will ask for it: it is asked right behind.
    if (release === null) watch.ask();
    return kept;
  };
}
