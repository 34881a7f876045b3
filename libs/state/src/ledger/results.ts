import type { Redis } from 'ioredis';
import { resultKey } from './ledger-keys.js';
import { withRedis } from '../redis.js';
import { checkResultSize } from './transitions.js';

/** The call a result belongs to. */
export interface RecordedCall {
  tenant: string;
  workflowId: string;
  callId: string;
}

export const recordedResult = (redis: Redis, call: RecordedCall): Promise<string | null> =>
  withRedis(() => redis.get(resultKey(call.tenant, call.workflowId, call.callId)));

/** The first result stands; it is returned, so that two workers that both came to one tell the same. */
export async function recordResult(redis: Redis, call: RecordedCall, result: string, keepMs: number): Promise<string> {
  checkResultSize(result);
  const before = await withRedis(() => redis.set(resultKey(call.tenant, call.workflowId, call.callId), result, 'PX', keepMs, 'NX', 'GET'));
  return before ?? result;
}
