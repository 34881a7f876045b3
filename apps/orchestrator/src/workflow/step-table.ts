const CHUNK = 64;

/** What every row has. */
interface Row {
  id: string;
}

/**
 * The steps of a workflow as an immutable table: those of the plan in its order, then those inside them in the order in
 * which they began. Changing one step copies its chunk and shares the rest, so that a workflow of 50,000 steps costs
 * hardly more a transition than one of 50.
 */
export interface StepTable<Step extends Row> {
  get: (id: string) => Step | undefined;
  /** The table with this step changed, or added at its end. */
  with: (step: Step) => StepTable<Step>;
  all: () => Iterable<Step>;
  /** Steps of the plan. */
  readonly planned: number;
  /** Those and the steps inside them. */
  readonly size: number;
}

export function createStepTable<Step extends Row>(planned: readonly Step[], inside: readonly Step[] = []): StepTable<Step> {
  const steps = [...planned, ...inside];
  const positions = new Map(steps.map((step, index) => [step.id, index]));
  const chunks: (readonly Step[])[] = [];
  for (let start = 0; start < steps.length; start += CHUNK) chunks.push(steps.slice(start, start + CHUNK));
  return tableOf(positions, chunks, planned.length, steps.length);
}

/** @param positions shared by all versions of a table: a row is there only if the one at its position has its id */
function tableOf<Step extends Row>(positions: Map<string, number>, chunks: readonly (readonly Step[])[], planned: number, size: number): StepTable<Step> {
  const get = (id: string): Step | undefined => {
    const position = positions.get(id);
    if (position === undefined || position >= size) return undefined;
    const row = chunks[Math.floor(position / CHUNK)]?.[position % CHUNK];
    return row?.id === id ? row : undefined;
  };
  return {
    planned,
    size,
    get,
    with: (step) => {
      const known = get(step.id) !== undefined;
      const position = known ? (positions.get(step.id) ?? size) : size;
      positions.set(step.id, position);
      const at = Math.floor(position / CHUNK);
      const chunk = [...(chunks[at] ?? [])];
      chunk[position % CHUNK] = step;
      const next = [...chunks];
      next[at] = chunk;
      return tableOf(positions, next, planned, known ? size : size + 1);
    },
    all: function* () {
      for (const chunk of chunks) yield* chunk;
    },
  };
}
