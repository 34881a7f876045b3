import { readFileSync } from 'node:fs';
import { parseJsonText, type Approval, type JsonValue } from '@trivet/contracts';
import type { Command } from 'commander';
import type { CliContext } from '../context.js';
import { EXIT, UsageError } from '../exit-codes.js';
import type { Column } from '../output/table.js';
import { shorten } from '../output/text.js';
import type { Action, Registry } from '../program.js';
import { readWhole } from './numbers.js';

type MakeAction = (work: Action) => (...args: unknown[]) => Promise<void>;

/** workflows cancel, pause, resume, retry, signal, fork, approve, state. */
export function registerControl(workflows: Command, action: MakeAction): void {
  const verbs = [
    ['cancel', 'stop it; what runs is stopped too'],
    ['pause', 'begin nothing new until it is resumed'],
    ['resume', 'go on after a pause'],
    ['retry', 'run again what failed; results that are there are kept'],
  ] as const;
  for (const [verb, description] of verbs) {
    workflows.command(verb).argument('<workflow-id>').option('--reason <text>', 'kept in the history and the audit').description(description)
      .action(action(async (context, [id = ''], options) => {
        const workflow = await context.client[verb](id, textOf(options['reason']));
        context.print.one(workflow, `workflow ${id} ${workflow.status}`);
        return EXIT.ok;
      }));
  }
  workflows.command('signal').argument('<workflow-id>').argument('<name>').option('--payload <json>').description('wake the steps that wait for this signal')
    .action(action(async (context, [id = '', name = ''], options) => {
      const workflow = await context.client.signal(id, name, readJson(options['payload'], '--payload'));
      context.print.one(workflow, `workflow ${id} got the signal ${name}`);
      return EXIT.ok;
    }));
  workflows.command('fork').argument('<workflow-id>').requiredOption('--from-step <id>', 'this step and all after it run again')
    .option('--input <json>', 'in place of the task input').option('--step-input <json>', 'in place of what the plan gives the step')
    .option('--template <name>').option('--prompt <name@version>').option('--model <id>').option('--id <workflow-id>', 'the id of the new workflow')
    .description('a new workflow from one of its steps; earlier results are taken over')
    .action(action(fork));
  workflows.command('state').argument('<workflow-id>').option('--at <seq>', 'after this event').description('the workflow and its steps as they were')
    .action(action(async (context, [id = ''], options) => {
      const state = await context.client.stateAt(id, readWhole(options['at'], '--at', { min: 1 }));
      context.print.one(state, `after event ${state.seq} (${state.at}): ${state.workflow.status}, ${state.workflow.steps.done} of ${state.workflow.steps.total} steps done`);
      return EXIT.ok;
    }));
  workflows.command('approve').argument('<approval-or-workflow-id>').option('--deny', 'deny it instead').option('--comment <text>').option('--edited <json>', 'what runs in place of what was asked about')
    .description('decide what a workflow waits for')
    .action(action(approve));
}

/** approvals ls. */
export function registerApprovals({ program, action }: Registry): void {
  program.command('approvals').description('what waits for a decision; decide with: trivet workflows approve <id>')
    .action(action(async (context) => {
      context.print.list((await context.client.approvals({ limit: 200 })).items, APPROVAL_COLUMNS, 'nothing waits for a decision');
      return EXIT.ok;
    }));
}

const APPROVAL_COLUMNS: readonly Column<Approval>[] = [
  { title: 'approval', value: (approval) => approval.id },
  { title: 'workflow', value: (approval) => approval.workflowId },
  { title: 'step', value: (approval) => approval.stepId },
  { title: 'since', value: (approval) => approval.requestedAt },
  { title: 'question', value: (approval) => shorten(approval.question, 80) },
];

async function fork(context: CliContext, [id = '']: string[], options: Record<string, unknown>): Promise<number> {
  const input = readJson(options['input'], '--input');
  const stepInput = readJson(options['stepInput'], '--step-input');
  const [template, prompt, model, workflowId] = [options['template'], options['prompt'], options['model'], options['id']].map(textOf);
  const forked = await context.client.fork(id, {
    fromStep: String(options['fromStep']),
    ...(input === undefined ? {} : { input }),
    ...(stepInput === undefined ? {} : { stepInput }),
    ...(template ? { template } : {}),
    ...(prompt ? { prompt } : {}),
    ...(model ? { model } : {}),
    ...(workflowId ? { workflowId } : {}),
  });
  context.print.one(forked, `workflow ${forked.workflowId} forked from ${id}; watch it: npx trivet watch ${forked.workflowId}`);
  return EXIT.ok;
}

/** An approval by its own id, or the one that a workflow waits for. */
async function approve(context: CliContext, [given = '']: string[], options: Record<string, unknown>): Promise<number> {
  const id = given.includes('.') ? given : await onlyApprovalOf(context, given);
  const edited = readJson(options['edited'], '--edited');
  const comment = textOf(options['comment']);
  const decision = options['deny'] === true ? 'deny' : 'approve';
  await context.client.decide(id, { decision, ...(comment ? { comment } : {}), ...(edited === undefined ? {} : { edited }) });
  context.print.one({ id, decision }, `${id}: ${decision === 'deny' ? 'denied' : 'approved'}`);
  return EXIT.ok;
}

async function onlyApprovalOf(context: CliContext, workflowId: string): Promise<string> {
  const { items } = await context.client.approvals({ limit: 200 });
  const [approval, ...others] = items.filter((each) => each.workflowId === workflowId);
  if (!approval) throw new UsageError(`workflow ${workflowId} waits for no decision; see: npx trivet approvals`);
  if (others.length > 0) throw new UsageError(`workflow ${workflowId} waits for ${others.length + 1} decisions; name one: ${[approval, ...others].map((each) => each.id).join(', ')}`);
  return approval.id;
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** JSON as an argument, or `@file`. */
function readJson(value: unknown, option: string): JsonValue | undefined {
  if (typeof value !== 'string') return undefined;
  try {
    const text = value.startsWith('@') ? readFileSync(value.slice(1), 'utf8') : value;
    return JSON.parse(JSON.stringify(parseJsonText(text, option)));
  } catch (error) {
    throw new UsageError(`${option} must be JSON, or @ and the name of a file with JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}
