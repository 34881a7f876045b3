import type { JsonObject, JsonValue } from '@trivet/contracts';
import { embedLexically } from './embed.js';

/** Taken when no description shares anything with the goal. */
const DEFAULT_TEMPLATE = 'research';

export interface ChosenTemplate {
  name: string;
  plan: JsonObject;
}

/**
 * Chooses among templates by the words, and parts of words, that their descriptions share with the goal; the same every
 * time. The plan is a single step that runs the template.
 * @returns null when there is none to choose
 */
export function chooseTemplate({ goal, templates }: JsonObject): ChosenTemplate | null {
  const wanted = embedLexically(typeof goal === 'string' ? goal : '');
  const offered = (Array.isArray(templates) ? templates : []).flatMap(read);
  const scored = offered.map(({ name, description }) => ({ name, score: dot(wanted, embedLexically(`${name} ${description}`)) }));
  scored.sort((left, right) => right.score - left.score || (left.name < right.name ? -1 : 1));
  const best = scored.find(({ name, score }) => score > 0 || name === DEFAULT_TEMPLATE) ?? scored[0];
  if (!best) return null;
  const step = { id: 'run', kind: 'workflow', title: `Template ${best.name}`, input: { template: best.name, goal: { $: 'goal' }, input: { $: 'input' } } };
  return { name: best.name, plan: { steps: [step], output: { $: 'steps.run.output' } } };
}

function read(entry: JsonValue): { name: string; description: string }[] {
  if (entry === null || typeof entry !== 'object' || Array.isArray(entry)) return [];
  const { name, description } = entry;
  return typeof name === 'string' && typeof description === 'string' ? [{ name, description }] : [];
}

const dot = (left: Float32Array, right: Float32Array): number => left.reduce((sum, value, index) => sum + value * (right[index] ?? 0), 0);
