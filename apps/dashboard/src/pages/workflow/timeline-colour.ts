import { compact } from '../../formatting/numbers.js';
import { duration } from '../../formatting/times.js';
import type { TimelineRow } from './timeline-rows.js';
import { timesOf } from './timeline-segments.js';

/** What the colour of a bar says: how its step stands, or by its strength how much of all tokens or of the time it took. */
export const COLOURINGS = ['status', 'tokens', 'time'] as const;
export type Colouring = (typeof COLOURINGS)[number];

/** Tokens that were charged for a step: lost and repeated calls too, but not a result that a fork took over. */
export const tokensOf = ({ step }: TimelineRow): number => (step.reusedFrom ? 0 : step.calls.reduce((sum, { usage }) => sum + (usage?.totalTokens ?? 0), 0));

/** The figure a row is weighed by, and in words; `now` in ms since 1970. */
export function weightOf(row: TimelineRow, colouring: Colouring, now: number): { weight: number; words: string } {
  const tokens = tokensOf(row);
  if (colouring === 'tokens') return { weight: tokens, words: tokens > 0 ? compact(tokens) : '–' };
  const { running } = timesOf(row.segments, now);
  return { weight: running, words: running > 0 ? duration(running) : '–' };
}

/** How strongly a bar is coloured that has this weight among others, from 0.15 to 1. A root keeps small ones apart beside a large one. */
export const strengthOf = (weight: number, most: number): number => 0.15 + 0.85 * (most > 0 ? Math.sqrt(weight / most) : 0);
