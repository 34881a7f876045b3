import type { CallRecord, Usage, WorkflowEvent } from '@trivet/contracts';
import type { UsedByCall } from '@trivet/state';
import type { Accepted } from '../workflow/state.js';

/** Where there is none: no template or user has this name. */
export const NONE = '-';
const UNKNOWN = 'unknown';

/** What the events say that model calls used. A call is in one event: that of its end, or of a later one that came to nothing. */
export function usedByCalls({ template, task }: Pick<Accepted, 'template' | 'task'>, events: readonly WorkflowEvent[]): UsedByCall[] {
  return events.flatMap(({ seq, at, data }) => {
    const call = 'call' in data ? data.call : undefined;
    if (!call?.usage) return [];
    const common = { seq, day: at.slice(0, 10), template: template ?? NONE, user: task.user ?? NONE };
    return byModel(call, call.usage).map((used) => ({ ...common, ...used }));
  });
}

type OfModel = Pick<UsedByCall, 'model' | 'calls' | 'inputTokens' | 'outputTokens' | 'nanoUsd'>;

/** Each attempt under its model as far as they are named; what is left is of the last one, as is the call. */
function byModel({ tried = [] }: CallRecord, usage: Usage): OfModel[] {
  const model = usage.model ?? UNKNOWN;
  const others = tried.map((attempt) => ({ ...attempt, model: `${attempt.endpoint}/${attempt.model}` })).filter((attempt) => attempt.model !== model);
  const rest = others.reduce((left, each) => ({ inputTokens: left.inputTokens - each.inputTokens, outputTokens: left.outputTokens - each.outputTokens, nanoUsd: left.nanoUsd - each.costNanoUsd }), { inputTokens: usage.inputTokens, outputTokens: usage.outputTokens, nanoUsd: usage.costNanoUsd });
  // Attempts of a worker that died may be named and not be charged as they say.
  if (Math.min(rest.inputTokens, rest.outputTokens, rest.nanoUsd) < 0) return [{ model, calls: 1, inputTokens: usage.inputTokens, outputTokens: usage.outputTokens, nanoUsd: usage.costNanoUsd }];
  const charged = others.filter((each) => each.inputTokens + each.outputTokens + each.costNanoUsd > 0);
  return [{ model, calls: 1, ...rest }, ...charged.map((each) => ({ model: each.model, calls: 0, inputTokens: each.inputTokens, outputTokens: each.outputTokens, nanoUsd: each.costNanoUsd }))];
}
