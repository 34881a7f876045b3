import type { ListFilter } from '@trivet/client';
import { WORKFLOW_STATUSES, type Step, type Workflow, type WorkflowEvent } from '@trivet/contracts';
import { Option } from 'commander';
import type { CliContext } from '../context.js';
import { EXIT } from '../exit-codes.js';
import { formatFields, type Column } from '../output/table.js';
import { formatBudget, formatCount, formatDuration, formatWholeResult, shorten } from '../output/text.js';
import type { Registry } from '../program.js';
import { registerControl } from './control.js';
import { readWhole } from './numbers.js';
import { showTrace } from './trace.js';

/** workflows ls, get, events, steps, trace, erase; the control verbs stand in control.ts. */
export function registerWorkflows({ program, action }: Registry): void {
  const workflows = program.command('workflows').alias('wf').description('list, look at and control workflows');
  workflows.command('ls').description('list workflows, the newest first')
    .addOption(new Option('--status <status>').choices([...WORKFLOW_STATUSES]))
    .option('--template <name>').option('--label <name=value>').option('-q <words>', 'words of the goal')
    .option('--limit <n>', 'at most this many (1 to 200)').option('--cursor <cursor>', 'go on where a list ended')
    .action(action((context, _positional, options) => list(context, { ...options, limit: readWhole(options['limit'], '--limit', { min: 1, max: 200 }) })));
  workflows.command('get').argument('<workflow-id>').description('one workflow').action(action((context, [id = '']) => get(context, id)));
  workflows.command('steps').argument('<workflow-id>').description('its steps and their calls').action(action((context, [id = '']) => steps(context, id)));
  workflows.command('events').argument('<workflow-id>').option('--after <seq>', 'only later ones', '0').description('its events, in order')
    .action(action((context, [id = ''], options) => events(context, id, readWhole(options['after'], '--after') ?? 0)));
  workflows.command('trace').argument('<workflow-id>').description('its spans as a waterfall')
    .action(action(async (context, [id = '']) => {
      await showTrace(context, id);
      return EXIT.ok;
    }));
  workflows.command('erase').argument('<workflow-id>').option('--reason <text>', 'kept in the audit').description('erase one that has ended, with those that it began; it cannot be undone')
    .action(action(async ({ client, print }, [id = '']) => {
      await client.eraseWorkflow(id);
      print.one({ workflowId: id, erased: true }, `workflow ${id} is erased`);
      return EXIT.ok;
    }));
  registerControl(workflows, action);
}

const WORKFLOW_COLUMNS: readonly Column<Workflow>[] = [
  { title: 'workflow', value: (workflow) => workflow.workflowId },
  { title: 'status', value: (workflow) => workflow.status },
  { title: 'steps', value: (workflow) => `${workflow.steps.done}/${workflow.steps.total}`, align: 'right' },
  { title: 'tokens', value: (workflow) => formatCount(workflow.budget.usedTokens), align: 'right' },
  { title: 'created', value: (workflow) => workflow.createdAt },
  { title: 'template', value: (workflow) => workflow.template },
  { title: 'goal', value: (workflow) => shorten(workflow.goal, 50) },
];

const STEP_COLUMNS: readonly Column<Step>[] = [
  { title: 'step', value: (step) => step.id },
  { title: 'kind', value: (step) => step.kind },
  { title: 'status', value: (step) => step.status },
  { title: 'attempts', value: (step) => step.attempts, align: 'right' },
  { title: 'took', value: (step) => (step.startedAt && step.finishedAt ? formatDuration(Date.parse(step.finishedAt) - Date.parse(step.startedAt)) : null), align: 'right' },
  { title: 'calls', value: (step) => step.calls.map((call) => call.outcome ?? 'running').join(', ') },
  { title: 'failure', value: (step) => step.failure?.code },
];

const EVENT_COLUMNS: readonly Column<WorkflowEvent>[] = [
  { title: 'seq', value: (event) => event.seq, align: 'right' },
  { title: 'at', value: (event) => event.at },
  { title: 'type', value: (event) => event.type },
  { title: 'step', value: (event) => ('stepId' in event.data ? event.data.stepId : null) },
];

async function list(context: CliContext, options: ListFilter): Promise<number> {
  const page = await context.client.list(options);
  context.print.list(page.items, WORKFLOW_COLUMNS, 'no workflow matches; submit one: npx trivet run "Analyse Nimbus Robotics"');
  if (page.nextCursor) context.note(`more: --cursor ${page.nextCursor}`);
  return EXIT.ok;
}

async function get(context: CliContext, id: string): Promise<number> {
  const workflow = await context.client.get(id);
  const fields = formatFields([
    ['workflow', workflow.workflowId],
    ['status', workflow.status],
    ['waiting for', workflow.waitingFor],
    ['goal', shorten(workflow.goal, 100)],
    ['template', workflow.template],
    ['steps', `${workflow.steps.done} of ${workflow.steps.total} done`],
    ['budget', formatBudget(workflow.budget)],
    ['created', workflow.createdAt],
    ['finished', workflow.finishedAt],
    ['trace', workflow.traceId],
    ['failure', workflow.failure ? `${workflow.failure.code}: ${workflow.failure.message}` : null],
  ]);
  context.print.one(workflow, workflow.result === null ? fields : `${fields}\n\n${formatWholeResult(workflow.result)}`);
  return EXIT.ok;
}

async function steps(context: CliContext, id: string): Promise<number> {
  const all: Step[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await context.client.steps(id, cursor === undefined ? {} : { cursor });
    all.push(...page.items);
    if (page.nextCursor === null) break;
    cursor = page.nextCursor;
  }
  context.print.list(all, STEP_COLUMNS);
  return EXIT.ok;
}

/** All of them, page by page: an event list is only useful whole. */
async function events(context: CliContext, id: string, after: number): Promise<number> {
  const all: WorkflowEvent[] = [];
  for (let last = after; ; ) {
    const page = await context.client.events(id, { after: last, limit: 200 });
    all.push(...page.items);
    const newest = page.items.at(-1);
    if (!newest || page.nextCursor === null) break;
    last = newest.seq;
  }
  context.print.list(all, EVENT_COLUMNS);
  return EXIT.ok;
}
