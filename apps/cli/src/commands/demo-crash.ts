import { createClient } from '@trivet/client';
import type { Service } from '@trivet/contracts';
import type { CliContext } from '../context.js';
import { EXIT, UsageError } from '../exit-codes.js';
import type { Layout } from '../launcher/layout.js';
import type { Stack } from '../launcher/stack.js';
import { followLive } from '../output/live-view.js';
import { formatBudget } from '../output/text.js';
import { findViolations } from './crash-findings.js';
import { DEMO_TASK, withDemoStack } from './demo-stack.js';
import { submitUntilAccepted } from './submit-until-accepted.js';

interface Round {
  service: Service;
  /** Where in its work it kills itself, with SIGKILL: the demo's work takes milliseconds, so a kill from outside would come too late. */
  crashAt: string;
  story: string;
}

const ROUNDS: readonly Round[] = [
  // The fourth commit is the first step's end: before it come the acceptance and the model calls made inside the two tools.
  { service: 'orchestrator', crashAt: 'orchestrator.after-commit-before-publish:5', story: 'SIGKILL to the orchestrator: it has committed a result and has not yet told anybody' },
  { service: 'executor', crashAt: 'executor.after-claim', story: 'SIGKILL to the executor: it has claimed a research step and works on it' },
];

/** demo crash: the same task twice, each time with a service killed in the middle. Exit 1 when anything was lost, repeated or charged twice. */
export async function demoCrash(context: CliContext, layout: Layout, verbose: boolean): Promise<number> {
  if (layout.shape === 'scaled') throw new UsageError("'demo crash' counts the steps of one process, so it takes --shape one or split, not scaled");
  for (const [index, round] of ROUNDS.entries()) {
    context.print.text(`\nRound ${index + 1} of ${ROUNDS.length}: ${round.story}`);
    const killed = { times: 0 };
    const code = await withDemoStack(
      context,
      {
        layout,
        verbose,
        crashAt: { [layout.shape === 'one' ? 'one' : round.service]: round.crashAt },
        onRestart: (name, { signal }) => {
          if (name === (layout.shape === 'one' ? 'one' : round.service) && signal === 'SIGKILL') killed.times += 1;
          context.print.text(`           ${name} died (${signal}) and is started again`);
        },
      },
      (stack, signal) => playRound(context, stack, round, killed, signal),
    );
    if (code !== EXIT.ok) return code;
  }
  context.print.text('\nBoth workflows completed; nothing was lost, computed again or charged twice.');
  return EXIT.ok;
}

async function playRound(context: CliContext, stack: Stack, round: Round, killed: { times: number }, signal: AbortSignal): Promise<number> {
  const { print } = context;
  const client = createClient({ url: stack.httpUrl });
  const { workflowId } = await submitUntilAccepted(client, DEMO_TASK);
  await followLive(client, workflowId, { stream: print.format === 'table' ? context.stdout : context.stderr, environment: context.environment, signal });
  if (signal.aborted) return EXIT.interrupted;
  const [workflow, { items: steps }, account] = await Promise.all([client.get(workflowId), client.steps(workflowId), client.budget('workflow', workflowId)]);
  const findings = findViolations(steps, account);
  const violations = [...findings.violations];
  if (workflow.status !== 'completed') violations.push(`workflow ${workflowId} is ${workflow.status}${workflow.failure ? `: ${workflow.failure.message}` : ''}`);
  if (killed.times !== 1) violations.push(`the ${round.service} was killed ${killed.times} times instead of once: crash point ${round.crashAt} was not reached`);
  if (print.format !== 'table') print.one({ round: round.service, crashAt: round.crashAt, workflow, steps, account, violations }, '');
  print.text('');
  for (const line of findings.lines) print.text(`  ${line}`);
  if (violations.length > 0) {
    for (const violation of violations) context.note(`  VIOLATED: ${violation}`);
    return EXIT.failed;
  }
  print.text('  recorded results were not recomputed: each step has exactly one completed call');
  print.text(`  the ledger shows each call charged once: ${findings.recordedTokens} tokens in the calls, ${formatBudget(workflow.budget)} in the ledger, none held`);
  print.text(`workflow ${workflowId} completed`);
  return EXIT.ok;
}
