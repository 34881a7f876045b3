import type { Catalog, Plan, PlanStep, Tool, Template } from '@trivet/contracts';
import { expressionsIn, ownInput } from '../workflow/expression.js';

const LOOKS_AT_CATALOG = /(?<![\w."'])catalog\b/;
/** What a model reads before it plans has to stay readable, and cheap. */
const MOST_TOOLS = 64;
const MOST_TOOL_BYTES = 100_000;

/** Whether an expression of a plan looks at what there is. */
export function looksAtCatalog(plan: Plan): boolean {
  return [...plan.steps.flatMap(valuesOf), plan.output].some((value) => expressionsIn(value).some(({ expression }) => LOOKS_AT_CATALOG.test(expression)));
}

const valuesOf = (step: PlanStep): Plan['output'][] => [ownInput(step), step.over, ...(step.when === undefined ? [] : [{ $: step.when }]), ...(step.step ? valuesOf(step.step) : [])];

/**
 * What a plan may be made of: the tools that nobody has to approve, and the templates that do not make plans themselves.
 * Of more tools than fit, those whose descriptions share the most words with the goal.
 */
export function catalogOf(goal: string, tools: ReadonlyMap<string, Tool>, templates: ReadonlyMap<string, Template>): Catalog {
  const harmless = [...tools.values()].filter((tool) => !tool.dangerous).map(({ name, description, input }) => ({ name, description, input }));
  return {
    tools: fitting(goal, harmless),
    templates: [...templates.values()].filter(({ plan }) => !looksAtCatalog(plan)).map(({ name, description, input }) => ({ name, description, ...(input ? { input } : {}) })),
  };
}

function fitting(goal: string, tools: Catalog['tools']): Catalog['tools'] {
  const wanted = wordsOf(goal);
  const score = new Map(tools.map((tool) => [tool.name, [...wordsOf(`${tool.name} ${tool.description}`)].filter((word) => wanted.has(word)).length]));
  const byUse = [...tools].sort((left, right) => (score.get(right.name) ?? 0) - (score.get(left.name) ?? 0) || (left.name < right.name ? -1 : 1));
  let bytes = 0;
  const kept = new Set<string>();
  for (const tool of byUse) {
    bytes += Buffer.byteLength(JSON.stringify(tool));
    if (kept.size >= MOST_TOOLS || bytes > MOST_TOOL_BYTES) break;
    kept.add(tool.name);
  }
  return tools.filter(({ name }) => kept.has(name)).sort((left, right) => (left.name < right.name ? -1 : 1));
}

const wordsOf = (text: string): Set<string> => new Set(text.toLowerCase().match(/[\p{L}\p{N}]{3,}/gu) ?? []);
