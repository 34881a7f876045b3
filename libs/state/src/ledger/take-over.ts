import { setTimeout as pause } from 'node:timers/promises';
import { withRedis, type Redis } from '../redis.js';
import type { Presence } from '../workers/presence.js';
import { FORM_KEY, accountKey } from './ledger-keys.js';

/** Accounts are one value each. */
const FORM = '2';
const LOOK_AGAIN_MS = 1_000;

/**
 * Waits until nobody is left who would write the ledger in the form of an earlier version (a hash a window), and says that it is in
 * this one. Accounts are taken over as they are touched, and two forms side by side would count apart. Call it before the
 * model service announces itself: who is there while an earlier ledger has no form is of an earlier version.
 * `onWait` gets the ids of those it waits for, once a second.
 */
export async function takeLedgerOver(redis: Redis, presence: Pick<Presence, 'list'>, onWait: (workerIds: readonly string[]) => void): Promise<void> {
  while (await isOfEarlierVersion(redis)) {
    const others = (await presence.list()).flatMap(({ service, id, present }) => (service === 'model' && present ? [id] : []));
    if (others.length === 0) break;
    onWait(others);
    await pause(LOOK_AGAIN_MS);
  }
  await withRedis(() => redis.set(FORM_KEY, FORM));
}

async function isOfEarlierVersion(redis: Redis): Promise<boolean> {
  const [form, type] = await withRedis(() => Promise.all([redis.get(FORM_KEY), redis.type(accountKey({ scope: 'global', tenant: 'global', id: 'global' }))]));
  return form === null && type === 'hash';
}
