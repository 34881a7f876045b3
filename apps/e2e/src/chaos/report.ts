import { ACCOUNTS_RULE } from './auditor.js';
import { timersOf } from './invariants/effects.js';
import { INVARIANTS } from './invariants/table.js';
import type { ChaosReport } from './run.js';

export const hasPassed = (report: ChaosReport): boolean => report.violations.length === 0 && report.mishaps.length === 0;

const MOST_SHOWN = 25;

/** What a person wants to know: each rule and whether it held, what happened, and how to see it again. */
export function formatReport(report: ChaosReport): string[] {
  const { evidence, violations, mishaps } = report;
  const roots = evidence.filter(({ submitted }) => submitted !== null);
  const completed = roots.filter(({ workflow }) => workflow?.status === 'completed').length;
  const poisoned = roots.filter(({ workflow }) => workflow?.failure?.code === 'poisoned').length;
  const late = evidence.flatMap(timersOf).map(({ lateMs }) => lateMs).sort((left, right) => left - right);
  const rows: [string, string][] = [
    ['workflows accepted', String(roots.length)],
    ['completed', `${completed}${poisoned > 0 ? `, and ${poisoned} poisoned (their workers died three times)` : ''}`],
    ['events', String(evidence.reduce((total, { history }) => total + history.length, 0))],
    ['executions at the target', `${report.executions}, of them repeats ${report.repeated}`],
    ['subscribers’ reconnects', String(report.reconnects)],
    ['timers', late.length === 0 ? '0' : `${late.length}, late by p50 ${quantile(late, 0.5)} p99 ${quantile(late, 0.99)} max ${late.at(-1)} ms`],
    ['faults', Object.entries(report.faults).map(([name, count]) => `${name} ${count}`).join(', ') || 'none'],
    ...report.skipped.map(({ name, reason }): [string, string] => ['skipped', `${name}: ${reason}`]),
  ];
  const rules = [...INVARIANTS.map(({ name }) => name), ACCOUNTS_RULE].map((name) => {
    const broken = violations.filter(({ invariant }) => invariant === name).length;
    return `${broken === 0 ? 'holds ' : 'BROKEN'}  ${name}${broken === 0 ? '' : ` (${broken} times)`}`;
  });
  return [
    ...violations.slice(0, MOST_SHOWN).map(({ invariant, workflowId, finding }) => `VIOLATED: ${invariant}: ${workflowId} ${finding}`),
    ...(violations.length > MOST_SHOWN ? [`… and ${violations.length - MOST_SHOWN} more`] : []),
    ...mishaps.map((mishap) => `VIOLATED: ${mishap}`),
    '',
    ...rows.map(([what, figure]) => `${what.padEnd(26)}${figure}`),
    '',
    ...rules,
  ];
}

const quantile = (sorted: readonly number[], share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
