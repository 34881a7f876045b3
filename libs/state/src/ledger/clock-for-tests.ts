import type { Redis } from '../redis.js';

/** The scripts as they are, but for the clock of Redis: it stands at a second until the test moves it. */
export function atClock(redis: Redis, clock: { second: number }): Redis {
  const evaluate = (lua: string, ...rest: [number, ...string[]]) => redis.eval(lua.replaceAll("redis.call('TIME')", `{ '${clock.second}', '0' }`), ...rest);
  const unknown = () => Promise.reject(new Error('NOSCRIPT'));
  return new Proxy(redis, { get: (target, property) => (property === 'eval' ? evaluate : property === 'evalsha' ? unknown : Reflect.get(target, property)) });
}
