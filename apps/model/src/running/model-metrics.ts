import type { ModelAttempt } from '@trivet/contracts';
import type { Metrics } from '@trivet/telemetry';

/** What vendors were asked, what came of it, and what it cost. */
export function createModelMetrics(metrics: Metrics): { onAttempt(attempt: ModelAttempt): void } {
  const attempts = metrics.counter({ name: 'model_attempts_total', help: 'Attempts at vendors, by what came of them.', labels: ['endpoint', 'model', 'outcome'] });
  const tokens = metrics.counter({ name: 'model_tokens_total', help: 'Tokens charged.', labels: ['endpoint', 'model', 'direction'] });
  const cost = metrics.counter({ name: 'model_cost_nano_usd_total', help: 'Cost charged, in nano-USD.', labels: ['endpoint', 'model'] });
  const seconds = metrics.histogram({ name: 'model_attempt_seconds', help: 'How long attempts at vendors took.', labels: ['endpoint', 'model'] });
  return {
    onAttempt({ endpoint, model, outcome, durationMs, inputTokens, outputTokens, costNanoUsd }) {
      attempts.inc({ endpoint, model, outcome });
      tokens.inc({ endpoint, model, direction: 'input' }, inputTokens);
      tokens.inc({ endpoint, model, direction: 'output' }, outputTokens);
      cost.inc({ endpoint, model }, costNanoUsd);
      seconds.observe({ endpoint, model }, durationMs / 1_000);
    },
  };
}
