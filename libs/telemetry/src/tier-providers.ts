import { context, propagation, trace, type TracerProvider } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { serviceOf } from './workflow-context.js';

/** Of each tier in this process, where its spans go; OpenTelemetry knows one provider for a process, and this shares it. */
const providers = new Map<string, TracerProvider>();

/** Asked for each span, so that the tier whose code makes it decides; code of no tier counts to the one that came first. */
const byTier: TracerProvider = {
  getTracer: (...identity) => {
    const [first] = providers.values();
    const own = providers.size > 1 ? providers.get(serviceOf(context.active()) ?? '') : first;
    return (own ?? first ?? trace.getTracerProvider()).getTracer(...identity);
  },
};

/** Context must flow before the first tier is started in one; a second call changes nothing. */
export function enableContext(): void {
  const manager = new AsyncLocalStorageContextManager();
  if (context.setGlobalContextManager(manager)) manager.enable();
}

/** From now on spans of this tier go to this provider. The returned function takes it out; with the last, tracing is off. */
export function joinTracing(service: string, provider: TracerProvider): () => void {
  if (providers.size === 0) {
    enableContext();
    propagation.setGlobalPropagator(new W3CTraceContextPropagator());
    trace.setGlobalTracerProvider(byTier);
  }
  providers.set(service, provider);
  return () => {
    if (providers.get(service) === provider) providers.delete(service);
    if (providers.size > 0) return;
    trace.disable();
    context.disable();
    propagation.disable();
  };
}
