import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';

/** A Lua script and the digest Redis knows it by. */
export interface Script {
  lua: string;
  sha1: string;
}

export const scriptOf = (lua: string): Script => ({ lua, sha1: createHash('sha1').update(lua).digest('hex') });

/** Runs a script by its digest; sends its text only when the server does not know it (first use, or a restart). */
export async function runScript(redis: Redis, script: Script, keys: readonly string[], values: readonly string[]): Promise<unknown> {
  try {
    return await redis.evalsha(script.sha1, keys.length, ...keys, ...values);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
    return redis.eval(script.lua, keys.length, ...keys, ...values);
  }
}
