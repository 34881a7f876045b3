import type { Evidence, Invariant } from '../evidence.js';

export const nothingHeld: Invariant = {
  name: 'nothing is held at rest',
  check: ({ workflow, charges }) => [
    ...(workflow && workflow.budget.heldTokens !== 0 ? [`still holds ${workflow.budget.heldTokens} tokens`] : []),
    ...charges.filter(({ state }) => state === 'held').map(({ callId }) => `the reservation of call ${callId} is still held`),
  ],
};

export const chargedExactly: Invariant = {
  name: 'what is used is the sum of what was charged',
  check: (evidence) => {
    const { workflow, charges, steps } = evidence;
    if (!workflow) return [];
    const charged = sum(charges.map(({ tokens }) => tokens));
    const recorded = sum(steps.flatMap((step) => step.calls.filter((call) => call.outcome === 'completed').map((call) => call.usage?.totalTokens ?? 0)));
    return [
      ...(workflow.budget.usedTokens === charged ? [] : [`used ${workflow.budget.usedTokens} tokens; its reservations were charged ${charged}`]),
      // A late answer of a worker taken for dead lowers what its hold was charged after the result was recorded; it never raises it above the record, unless nobody recorded it.
      ...(askedOnce(evidence) && charged !== recorded ? [`each call was made once, and was charged ${charged} tokens; recorded are ${recorded}`] : []),
    ];
  },
};

/** Whether no model call was ever made twice: then there is nothing to correct. */
const askedOnce = ({ answers, charges }: Evidence): boolean => new Set(answers.map(({ key }) => key)).size === answers.length && new Set(charges.map(({ callId }) => callId)).size === charges.length && charges.every(({ state }) => state === 'settled');

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);
