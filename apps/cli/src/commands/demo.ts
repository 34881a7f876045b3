import { createClient, type Client } from '@trivet/client';
import type { Step, Workflow } from '@trivet/contracts';
import type { CliContext } from '../context.js';
import { EXIT, UsageError } from '../exit-codes.js';
import type { Stack } from '../launcher/stack.js';
import { colorsFor } from '../output/colors.js';
import { followLive } from '../output/live-view.js';
import { formatBudget, formatResult } from '../output/text.js';
import { formatWaterfall } from '../output/waterfall.js';
import type { Registry } from '../program.js';
import { demoCrash } from './demo-crash.js';
import { DEMO_TASK, withDemoStack } from './demo-stack.js';
import { readLayout, withShapeOptions } from './shape-options.js';
import { submitUntilAccepted } from './submit-until-accepted.js';

/** demo: the main job, start to end, on free ports with a folder of its own; leaves nothing behind. */
export function registerDemo({ program, action }: Registry): void {
  withShapeOptions(program.command('demo')).argument('[what]', 'crash: kill services in the middle and see that nothing is lost').option('--verbose', 'show every log line of the services')
    .description('start everything, run the sample research task, show its result, stop')
    .action(action((context, [what], options) => {
      const [verbose, layout] = [options['verbose'] === true, readLayout(options)];
      if (what === 'crash') return demoCrash(context, layout, verbose);
      if (what !== undefined) throw new UsageError(`there is 'demo' and 'demo crash', not 'demo ${what}'`);
      return withDemoStack(context, { layout, verbose }, (stack, signal) => showcase(context, stack, signal));
    }));
}

async function showcase(context: CliContext, stack: Stack, signal: AbortSignal): Promise<number> {
  const { print, stdout, environment } = context;
  const client = createClient({ url: stack.httpUrl });
  const { workflowId } = await submitUntilAccepted(client, DEMO_TASK);
  print.text(`\nworkflow ${workflowId} accepted\n`);
  await followLive(client, workflowId, { stream: print.format === 'table' ? stdout : context.stderr, environment, signal });
  if (signal.aborted) return EXIT.interrupted;
  const [workflow, { items: steps }, spans] = await Promise.all([client.get(workflowId), client.steps(workflowId), settledTrace(client, workflowId)]);
  if (print.format !== 'table') print.one({ workflow, steps, spans }, '');
  print.text(report(workflow, steps));
  print.text(`\nTrace ${workflow.traceId ?? ''}`);
  formatWaterfall(spans, { colors: colorsFor(stdout, environment), width: stdout.columns ?? 110 }).forEach((line) => print.text(line));
  print.text(`\nworkflow ${workflowId} ${workflow.status}`);
  print.text('See a trace again: npx trivet up, then npx trivet run "…" and npx trivet workflows trace <id>, or the page at the URL it prints.');
  return workflow.status === 'completed' ? EXIT.ok : EXIT.failed;
}

function report(workflow: Workflow, steps: readonly Step[]): string {
  const outcome = workflow.result === null ? `${workflow.failure?.code}: ${workflow.failure?.message}` : formatResult(workflow.result);
  return ['', outcome, '', `Search:  ${describeSources(steps)}`, `Budget:  ${formatBudget(workflow.budget)}`].join('\n');
}

/** Where the tools searched, from what they say themselves. */
function describeSources(steps: readonly Step[]): string {
  const sources = new Set(steps.flatMap(({ output }) => (output !== null && typeof output === 'object' && !Array.isArray(output) && typeof output['source'] === 'string' ? [output['source']] : [])));
  const described = [...sources].map((source) => (/wikipedia/i.test(source) ? 'Wikipedia (live)' : /sample|corpus|bundled|offline/i.test(source) ? 'the bundled sample corpus (no search engine could be reached)' : source));
  return described.join(', ') || 'no step searched';
}

const TRACE_WITHIN_MS = 3000;

/** Spans arrive a little after the work they measure: waits until no more come. */
async function settledTrace(client: Client, workflowId: string): Promise<Awaited<ReturnType<Client['trace']>>> {
  const deadline = Date.now() + TRACE_WITHIN_MS;
  let spans = await client.trace(workflowId);
  for (let known = -1; (spans.length !== known || spans.length === 0) && Date.now() < deadline; ) {
    known = spans.length;
    await new Promise((resolve) => setTimeout(resolve, 300));
    spans = await client.trace(workflowId);
  }
  return spans;
}
