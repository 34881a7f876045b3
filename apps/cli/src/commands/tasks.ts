import { ClientError } from '@trivet/client';
import type { TaskAccepted, TaskSubmit } from '@trivet/contracts';
import type { Command } from 'commander';
import { readFileSync } from 'node:fs';
import type { CliContext } from '../context.js';
import { EXIT, exitCodeOfWorkflow, UsageError } from '../exit-codes.js';
import { followLive } from '../output/live-view.js';
import { formatBudget, formatWholeResult } from '../output/text.js';
import type { Registry } from '../program.js';
import { detachOnInterrupt } from './interrupt.js';
import { refuseBelowUnit } from './numbers.js';

interface TaskOptions {
  template?: string;
  plan?: string;
  input?: string;
  budgetTokens?: string;
  budgetUsd?: string;
  id?: string;
  user?: string;
  label?: string[];
  wait?: boolean;
}

/** run, submit and watch. */
export function registerTasks({ program, action }: Registry): void {
  taskOptions(program.command('run').argument('<goal>', 'what is wanted, in words').description('submit a task, watch it, print its result'))
    .option('--no-wait', 'only submit')
    .action(action((context, [goal = ''], options) => run(context, goal, options)));
  taskOptions(program.command('submit').argument('<goal>', 'what is wanted, in words').description('submit a task and print its workflow id'))
    .option('--wait', 'watch it to its end')
    .action(action((context, [goal = ''], options) => run(context, goal, { wait: false, ...options })));
  program.command('watch').argument('<workflow-id>').description('follow a workflow live, then show its trace')
    .action(action((context, [id = '']) => watch(context, id)));
}

function taskOptions(command: Command): Command {
  return command
    .option('-t, --template <name>', 'the template that plans it')
    .option('--plan <json>', 'the steps themselves: JSON, or the name of a file with JSON')
    .option('-i, --input <json>', 'values the plan may use: JSON, or @ and the name of a file with JSON')
    .option('--budget-tokens <n>', 'most tokens all its model calls may use together')
    .option('--budget-usd <n>', 'most USD all its model calls may cost together')
    .option('--id <workflow-id>', 'choose the id; the same id and task give the same workflow')
    .option('--user <user>', 'on whose account it also goes')
    .option('--label <name=value...>', 'labels to find it by');
}

async function run(context: CliContext, goal: string, options: TaskOptions): Promise<number> {
  const accepted = await context.client.submit(readTask(goal, options));
  if (options.wait === false) {
    context.print.one(accepted, accepted.workflowId);
    if (accepted.duplicate) context.note('already known: this id and task were submitted before');
    return EXIT.ok;
  }
  context.note(`workflow ${accepted.workflowId}${accepted.duplicate ? ' (already known)' : ''}`);
  return followToEnd(context, accepted);
}

async function followToEnd(context: CliContext, { workflowId }: Pick<TaskAccepted, 'workflowId'>): Promise<number> {
  const interrupt = detachOnInterrupt();
  try {
    await followLive(context.client, workflowId, { stream: context.stderr, environment: context.environment, signal: interrupt.signal, onEvent: (event) => {
      if (context.print.format === 'ndjson') context.stdout.write(`${JSON.stringify(event)}\n`);
    } });
  } finally {
    interrupt.stop();
  }
  if (interrupt.signal.aborted) {
    context.note(`it goes on; see it again with: npx trivet watch ${workflowId}`);
    return EXIT.interrupted;
  }
  const workflow = await context.client.get(workflowId);
  if (context.print.format === 'json') context.print.one(workflow, '');
  if (workflow.result !== null) context.print.text(formatWholeResult(workflow.result));
  if (workflow.failure) context.note(`${workflow.failure.code}: ${workflow.failure.message}${workflow.failure.hint ? `\nTry: ${workflow.failure.hint}` : ''}`);
  context.note(`workflow ${workflowId} ${workflow.status}, ${formatBudget(workflow.budget)}`);
  return exitCodeOfWorkflow(workflow);
}

async function watch(context: CliContext, workflowId: string): Promise<number> {
  const code = await followToEnd(context, { workflowId });
  if (code === EXIT.interrupted || context.print.format !== 'table') return code;
  const { showTrace } = await import('./trace.js');
  await showTrace(context, workflowId).catch((error: unknown) => {
    // The trace is kept for an hour only; the workflow's own end is what was asked for.
    if (!(error instanceof ClientError)) throw error;
    context.note(`no trace: ${error.message}`);
  });
  return code;
}

function readTask(goal: string, options: TaskOptions): TaskSubmit {
  const tokens = readNumber(options.budgetTokens, '--budget-tokens');
  const costUsd = readNumber(options.budgetUsd, '--budget-usd');
  if (costUsd !== undefined) refuseBelowUnit(costUsd, options.budgetUsd ?? '', '--budget-usd');
  return {
    goal,
    ...(options.template ? { template: options.template } : {}),
    ...(options.plan ? { plan: readPlan(options.plan) } : {}),
    ...(options.input ? { input: readJson(options.input, '--input') } : {}),
    ...(tokens === undefined && costUsd === undefined ? {} : { budget: { ...(tokens === undefined ? {} : { tokens }), ...(costUsd === undefined ? {} : { costUsd }) } }),
    ...(options.user ? { user: options.user } : {}),
    ...(options.label ? { labels: Object.fromEntries(options.label.map(readLabel)) } : {}),
    ...(options.id ? { workflowId: options.id } : {}),
  };
}

function readNumber(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isFinite(value) || text.trim() === '') throw new UsageError(`${option} must be a number, not '${text}'`);
  return value;
}

function readLabel(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw new UsageError(`--label must be name=value, not '${text}'`);
  return [text.slice(0, at), text.slice(at + 1)];
}

/** JSON as it stands, or the name of a file with it; an @ before the name is let pass, since --input has one. */
function readPlan<Value>(text: string): Value {
  const isJson = /^\s*[{[]/.test(text);
  return parseJson(() => (isJson ? text : readFileSync(text.replace(/^@/, ''), 'utf8')), '--plan must be JSON, or the name of a file with JSON');
}

/** JSON as it stands, or the content of a file when it starts with @. */
function readJson<Value>(text: string, option: string): Value {
  return parseJson(() => (text.startsWith('@') ? readFileSync(text.slice(1), 'utf8') : text), `${option} must be JSON, or @ and the name of a file with JSON`);
}

/** The server checks what it means. */
function parseJson<Value>(read: () => string, rule: string): Value {
  try {
    const value: Value = JSON.parse(read());
    return value;
  } catch (error) {
    throw new UsageError(`${rule}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
