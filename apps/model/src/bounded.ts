import { Script, createContext } from 'node:vm';
import { FailureError } from '@trivet/contracts';

/** A script can be ended from outside, with all that it calls; it sees nothing but the work. */
const slot: { work: () => void } = { work: () => undefined };
const context = createContext(slot);
const RUN = new Script('work()');

/**
 * Runs work on what others wrote (a schema, an answer, a template) and ends it when it takes too long: whatever such a text
 * makes of it, everybody else waits no longer than this.
 * @throws FailureError invalid_request when the time is over, saying what took it
 */
export function withinMs<Value>(ms: number, what: string, work: () => Value): Value {
  let result: { value: Value } | undefined;
  slot.work = () => void (result = { value: work() });
  try {
    RUN.runInContext(context, { timeout: ms });
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw new FailureError('invalid_request', `${what} took longer than ${ms} ms, which is the limit.`, { hint: 'Make it simpler or shorter.' });
    throw error;
  } finally {
    slot.work = () => undefined;
  }
  if (!result) throw new Error(`${what} ended without a result`);
  return result.value;
}
