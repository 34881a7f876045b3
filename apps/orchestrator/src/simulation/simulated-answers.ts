import type { Failure, JsonValue, ModelCall } from '@trivet/contracts';
import type { Random } from './random.js';

type Answer = { output: JsonValue } | { failure: Failure };

const FAILURES: readonly Failure[] = [
  { code: 'tool_failed', message: 'it did not work' },
  { code: 'deadline_exceeded', message: 'it took too long' },
  { code: 'invalid_request', message: 'it cannot work' },
];

/** What a call comes to: another one each time, so that a second result of a call would be seen. */
export function answerOf(random: Random, service: 'executor' | 'model', request: ModelCall['request'] | null, isRough: boolean): Answer {
  if (random.chance(isRough ? 0.15 : 0.02)) return { failure: random.pick(FAILURES) };
  const value = random.between(0, 1_000_000);
  if (service === 'executor') return { output: random.chance(0.01) ? { value, text: 'x'.repeat(70_000) } : { value } };
  const said = { model: 'scripted', provider: 'simulation' };
  const [tool] = request?.tools ?? [];
  if (!tool || random.chance(0.4)) return { output: { ...said, text: `answer ${value}`, finishReason: 'stop' } };
  const wanted = Array.from({ length: random.between(1, 2) }, (_, index) => ({ id: `call-${value}-${index}`, name: tool.name, arguments: { value } }));
  return { output: { ...said, text: '', finishReason: 'tool_calls', toolCalls: wanted } };
}
