const CHUNK = 64;

/** What every row has. */
interface Row {
  id: string;
}

/**
 * The steps of a workflow, in the order of the plan, as an immutable table: changing one step copies its chunk and
 * shares the rest, so that a plan of 50,000 steps costs no more a transition than one of 50.
 */
export interface StepTable<Step extends Row> {
  get: (id: string) => Step | undefined;
  with: (step: Step) => StepTable<Step>;
  all: () => Iterable<Step>;
  readonly size: number;
}

export function createStepTable<Step extends Row>(steps: readonly Step[]): StepTable<Step> {
  const positions = new Map(steps.map((step, index) => [step.id, index]));
  const chunks: (readonly Step[])[] = [];
  for (let start = 0; start < steps.length; start += CHUNK) chunks.push(steps.slice(start, start + CHUNK));
  return tableOf(positions, chunks);
}

function tableOf<Step extends Row>(positions: ReadonlyMap<string, number>, chunks: readonly (readonly Step[])[]): StepTable<Step> {
  return {
    size: positions.size,
    get: (id) => {
      const position = positions.get(id);
      return position === undefined ? undefined : chunks[Math.floor(position / CHUNK)]?.[position % CHUNK];
    },
    with: (step) => {
      const position = positions.get(step.id);
      if (position === undefined) throw new RangeError(`The plan has no step ${step.id}`);
      const at = Math.floor(position / CHUNK);
      const chunk = [...(chunks[at] ?? [])];
      chunk[position % CHUNK] = step;
      const next = [...chunks];
      next[at] = chunk;
      return tableOf(positions, next);
    },
    all: function* () {
      for (const chunk of chunks) yield* chunk;
    },
  };
}
