import type { Redis } from 'ioredis';
import { resultKey } from './ledger-keys.js';
<<<<<<< HEAD
=======
import { withRedis } from '../redis.js';
>>>>>>> 29993659c1bd9d843fd3f7a4f9fe37cf270508d2
import { checkResultSize } from './transitions.js';

/** The call a result belongs to. */
export interface RecordedCall {
  tenant: string;
  workflowId: string;
  callId: string;
}

<<<<<<< HEAD
export const recordedResult = (redis: Redis, call: RecordedCall): Promise<string | null> => redis.get(resultKey(call.tenant, call.workflowId, call.callId));
=======
export const recordedResult = (redis: Redis, call: RecordedCall): Promise<string | null> => 
  withRedis(() => redis.get(resultKey(call.tenant, call.workflowId, call.callId)));
>>>>>>> 29993659c1bd9d843fd3f7a4f9fe37cf270508d2

/** The first result stands; it is returned, so that two workers that both came to one tell the same. */
export async function recordResult(redis: Redis, call: RecordedCall, result: string, keepMs: number): Promise<string> {
  checkResultSize(result);
<<<<<<< HEAD
  const before = await redis.set(resultKey(call.tenant, call.workflowId, call.callId), result, 'PX', keepMs, 'NX', 'GET');
=======
  const before = await withRedis(() => redis.set(resultKey(call.tenant, call.workflowId, call.callId), result, 'PX', keepMs, 'NX', 'GET'));
>>>>>>> 29993659c1bd9d843fd3f7a4f9fe37cf270508d2
  return before ?? result;
}
