import { EVENT_TYPES, FailureError } from '@trivet/contracts';
import { subjects } from '@trivet/bus';

/** Of no workflow: not for readers of a stream. */
const HIDDEN_NOUN = 'fact';
const NOUNS = [...new Set(EVENT_TYPES.map((type) => type.split('.')[0] ?? ''))].filter((noun) => noun !== HIDDEN_NOUN);
const TYPES = EVENT_TYPES.filter((type) => !type.startsWith(`${HIDDEN_NOUN}.`));

/**
 * The subjects of a tenant's facts of some types, none of which covers another.
 * @param wanted `workflow.completed`, `workflow.*`; several or with commas; undefined: all
 */
export function factSubjects(tenant: string, wanted: string | readonly string[] | undefined): string[] {
  const types = [wanted ?? []].flat().flatMap((text) => text.split(',')).map((text) => text.trim()).filter((text) => text !== '');
  if (types.length === 0 || types.includes('*')) return NOUNS.map((noun) => subjects.factsOf(tenant, noun, '*'));
  for (const type of types) requireKnown(type);
  const whole = new Set(types.filter((type) => type.endsWith('.*')));
  const single = new Set(types.filter((type) => !whole.has(type) && !whole.has(`${type.split('.')[0]}.*`)));
  return [...whole, ...single].map((type) => {
    const [noun = '', fact = ''] = type.split('.');
    return subjects.factsOf(tenant, noun, fact);
  });
}

function requireKnown(type: string): void {
  if (TYPES.some((known) => known === type) || NOUNS.some((noun) => type === `${noun}.*`)) return;
  throw new FailureError('invalid_request', `types names ${JSON.stringify(type.slice(0, 80))}, which is no type of an event.`, {
    hint: `The types are ${TYPES.join(', ')}; a noun and .* stands for all of its own, such as workflow.*.`,
    errors: [{ pointer: '/types', detail: 'must be types of events' }],
  });
}
