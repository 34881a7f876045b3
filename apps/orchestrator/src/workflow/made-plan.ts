import { FailureError, Plan, parseJsonText, parseOrFail, type JsonValue } from '@trivet/contracts';
import { z } from 'zod';

const Holder = z.object({ plan: Plan });

/**
 * A plan that a model or a tool made: the value itself, or its JSON as text, with or without a Markdown fence or words
 * around it.
 * @throws FailureError plan_invalid, with every mistake of its form
 */
export function readMadePlan(value: JsonValue): Plan {
  return parseOrFail(Holder, { plan: typeof value === 'string' ? parsed(value) : value }, 'the plan', 'plan_invalid').plan;
}

function parsed(text: string): unknown {
  const from = text.indexOf('{');
  const to = text.lastIndexOf('}');
  try {
    return parseJsonText(from >= 0 && to > from ? text.slice(from, to + 1) : text, 'the plan');
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    throw new FailureError('plan_invalid', error.message, { errors: [{ pointer: '/plan', detail: error.message }] });
  }
}
