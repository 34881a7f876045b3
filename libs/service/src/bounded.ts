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

/** What a process gets of a machine that is far too busy. */
const STARVED = 10;

/**
 * The same for work that begins anew each time. Where the machine gave this process less than half of a processor meanwhile, the work is
 * not to blame: it is done once more, in ten times the time.
 */
function withinBusyMs<Value>(ms: number, what: string, work: () => Value): Value {
  const before = process.cpuUsage();
  try {
    return withinMs(ms, what, work);
  } catch (error) {
    const { user, system } = process.cpuUsage(before);
    if (!(error instanceof FailureError) || user + system > ms * 500) throw error;
    return withinMs(ms * STARVED, what, work);
  }
}

/** How long a value may be held to a schema that others wrote. */
const CHECK_MS = 500;
const COMPILE_MS = 1_000;

/**
 * For schemas that others wrote: compiling them, and holding values to them, in bounded time. Time is only taken where it may
 * be needed: a schema that refers to itself may double the work with each level of a value, and unique items are compared
 * each with each; all others take time in proportion to schema and value. A check that was given up gives the reason. Compiling may be
 * begun a second time, so it makes a compiler of its own.
 * @param subject whose schema it is, for messages
 */
export function boundedSchema(schema: object, subject: string): { compile: <Value>(work: () => Value) => Value; check: <Value>(work: () => Value) => Value | FailureError } {
  const isDear = /"(?:\$ref|\$dynamicRef|\$recursiveRef|uniqueItems)"/.test(JSON.stringify(schema));
  return {
    compile: (work) => withinBusyMs(COMPILE_MS, `compiling the schema of ${subject}`, work),
    check: (work) => {
      if (!isDear) return work();
      try {
        return withinMs(CHECK_MS, `checking a value by the schema of ${subject}`, work);
      } catch (error) {
        if (error instanceof FailureError) return error;
        throw error;
      }
    },
  };
}
