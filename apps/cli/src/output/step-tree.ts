import type { Colors } from './colors.js';
import { formatCount, formatDuration, shorten } from './text.js';
import type { StepView, WorkflowView } from './workflow-view.js';

/** The tree as lines: steps in the order in which they can run; those that run side by side are marked. */
export function formatStepTree(view: WorkflowView, options: { colors: Colors; nowMs: number; width: number }): string[] {
  const levels = levelsOf([...view.steps.values()]);
  const rows = levels.flatMap((level) => level.map((step, index) => ({ step, side: level.length === 1 ? ' ' : index === 0 ? '┌' : index === level.length - 1 ? '└' : '│' })));
  const idWidth = Math.max(0, ...rows.map(({ step }) => step.id.length));
  const whatWidth = Math.max(0, ...rows.map(({ step }) => step.what.length));
  const lines = rows.map(({ step, side }, index) => {
    const branch = index === rows.length - 1 ? '└─' : '├─';
    const head = `${branch}${side === ' ' ? '─' : side} `;
    return `${options.colors.dim(head)}${mark(step, options.colors)} ${step.id.padEnd(idWidth)}  ${options.colors.dim(step.what.padEnd(whatWidth))}  ${detail(step, options)}`.trimEnd();
  });
  return [options.colors.bold(shorten(view.goal, options.width)), ...lines];
}

const MARKS: Readonly<Record<StepView['status'], string>> = { pending: '·', running: '▶', completed: '✔', failed: '✘', skipped: '–', cancelled: '–' };

function mark(step: StepView, colors: Colors): string {
  const text = MARKS[step.status];
  if (step.status === 'completed') return colors.green(text);
  if (step.status === 'failed') return colors.red(text);
  return step.status === 'running' ? colors.cyan(text) : colors.dim(text);
}

function detail(step: StepView, options: { colors: Colors; nowMs: number }): string {
  const parts: string[] = [];
  if (step.status === 'pending') parts.push(step.dependsOn.length > 0 ? options.colors.dim(`waits for ${step.dependsOn.join(', ')}`) : '');
  else if (step.status === 'running') parts.push(options.colors.cyan(`running ${formatDuration(Math.max(0, options.nowMs - (step.startedAtMs ?? options.nowMs)))}`));
  else if (step.status !== 'completed') parts.push(step.status);
  else if (step.startedAtMs !== undefined && step.endedAtMs !== undefined) parts.push(formatDuration(step.endedAtMs - step.startedAtMs).padStart(8));
  if (step.tokens > 0) parts.push(`${formatCount(step.tokens)} tokens`);
  parts.push(...step.notes.map((note) => options.colors.yellow(note)));
  return parts.filter((part) => part !== '').join('  ');
}

/** Steps by how many others must end before them: one level can run side by side. */
function levelsOf(steps: readonly StepView[]): StepView[][] {
  const byId = new Map(steps.map((step) => [step.id, step]));
  const depths = new Map<string, number>();
  const depthOf = (step: StepView): number => {
    const known = depths.get(step.id);
    if (known !== undefined) return known;
    // A plan has no cycle (it was checked); zero first, so that one would still end.
    depths.set(step.id, 0);
    const before = step.dependsOn.flatMap((id) => byId.get(id) ?? []);
    const depth = before.length === 0 ? 0 : 1 + Math.max(...before.map(depthOf));
    depths.set(step.id, depth);
    return depth;
  };
  const levels: StepView[][] = [];
  for (const step of steps) (levels[depthOf(step)] ??= []).push(step);
  return levels;
}
