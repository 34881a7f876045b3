import { SCOPES } from '@trivet/contracts';
import { createBoundedLabel, type Metrics } from '@trivet/telemetry';
import type { ModelContext } from '../answering/context.js';
import type { Router } from '../routing/router.js';

/** What vendors were asked, what came of it, what it cost, what budgets did not allow, and which endpoints are left alone. */
export function createModelMetrics(metrics: Metrics, router: Pick<Router, 'breakers'>): Pick<ModelContext, 'onAttempt' | 'onDenied'> {
  const requests = metrics.counter({ name: 'model_requests_total', help: 'Requests to vendors, by what came of them: answered, or the code of the failure.', labels: ['provider', 'endpoint', 'model', 'outcome'] });
  const tokens = metrics.counter({ name: 'model_tokens_total', help: 'Tokens charged.', labels: ['provider', 'model', 'direction'] });
  const cost = metrics.counter({ name: 'model_cost_usd_total', help: 'Cost charged, in US dollars. The accounts are kept in whole nano-dollars, and are what counts.', labels: ['provider', 'model'] });
  const seconds = metrics.histogram({ name: 'model_request_duration_seconds', help: 'Seconds that requests to vendors took.', labels: ['provider', 'model'] });
  const denied = metrics.counter({ name: 'budget_denied_total', help: 'Requests that were not made because an account had not enough left, by the scope of the account.', labels: ['scope'] });
  metrics.gauge({ name: 'model_breaker_open', help: '1 from the failures for which an endpoint is left alone until a request to it succeeds.', labels: ['endpoint'], collect: (gauge) => {
    for (const { endpoint, state } of router.breakers()) gauge.set({ endpoint }, state === 'closed' ? 0 : 1);
  } });
  const modelLabel = createBoundedLabel();
  for (const scope of SCOPES) denied.inc({ scope }, 0);
  return {
    onAttempt({ endpoint, model: name, outcome, durationMs, inputTokens, outputTokens, costNanoUsd }, provider) {
      const model = modelLabel(name);
      requests.inc({ provider, endpoint, model, outcome });
      tokens.inc({ provider, model, direction: 'input' }, inputTokens);
      tokens.inc({ provider, model, direction: 'output' }, outputTokens);
      cost.inc({ provider, model }, costNanoUsd / 1e9);
      seconds.observe({ provider, model }, durationMs / 1_000);
    },
    onDenied: ({ account }) => denied.inc({ scope: account.split('/')[0] ?? '' }),
  };
}
