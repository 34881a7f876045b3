import { z } from 'zod';
import { Identifier } from './identifier.js';
import { Json } from './json.js';
import { Reason } from './reason.js';
import { Step } from './step.js';
import { SignalName } from './step-input.js';
import { Workflow } from './workflow.js';

const reason = Reason.optional();

/** Bodies of the control routes of a workflow. */
export const ControlBody = z.strictObject({ reason }).meta({ id: 'ControlBody', description: 'Cancel, pause, resume or retry' });

export const SignalBody = z.strictObject({ name: SignalName, payload: Json.optional(), reason }).meta({ id: 'SignalBody', description: 'A signal for a workflow' });
export type SignalBody = z.infer<typeof SignalBody>;

export const ForkBody = z
  .strictObject({
    fromStep: Identifier.describe('This step and all that follow from it run again; the results of the others are taken over.'),
    input: Json.optional().describe('In place of the task input.'),
    stepInput: Json.optional().describe('In place of the input the step has in the plan.'),
    template: Identifier.optional().describe('The plan of this template in place of its own; steps of the same id keep their results.'),
    prompt: z.string().optional().describe('The prompt of the step, as name@version or name@label.'),
    model: z.string().min(1).max(200).optional().describe('The model of the step and of all model steps after it.'),
    workflowId: Identifier.optional(),
    reason,
  })
  .meta({ id: 'ForkBody', description: 'A new workflow from a step of another' });
export type ForkBody = z.infer<typeof ForkBody>;

/** A workflow as it was after one of its events. Its budget is what its calls had used by then. */
export const StateAt = z
  .object({ seq: z.number().int(), at: z.string(), workflow: Workflow, steps: z.array(Step) })
  .meta({ id: 'StateAt', description: 'A workflow as it was after one of its events' });
export type StateAt = z.infer<typeof StateAt>;
