import type { Prompt, PromptDiff } from '@trivet/contracts';
import { diffLines } from 'diff';

const PARTS = ['description', 'task', 'input', 'defaults', 'system', 'user'] as const;

/** What differs between two versions, part by part and line by line. */
export function diffPrompts(from: Prompt, to: Prompt): PromptDiff {
  const parts = PARTS.flatMap((part) => {
    const [before, after] = [textOf(from[part]), textOf(to[part])];
    return before === after ? [] : [{ part, lines: linesOf(before, after) }];
  });
  return { name: from.name, from: from.version, to: to.version, parts };
}

type Line = PromptDiff['parts'][number]['lines'][number];

/** Beyond so many changed lines, all lines of the one are shown as removed and of the other as added: comparing takes time that grows with both. */
const MOST_CHANGES = 2_000;

function linesOf(before: string, after: string): Line[] {
  const changes = diffLines(before, after, { maxEditLength: MOST_CHANGES }) ?? [{ value: before, removed: true, added: false }, { value: after, removed: false, added: true }];
  return changes.flatMap(({ value, added, removed }) => value.replace(/\n$/, '').split('\n').map((text): Line => ({ change: added ? 'added' : removed ? 'removed' : 'same', text })));
}

const textOf = (value: unknown): string => (value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value, null, 2));
