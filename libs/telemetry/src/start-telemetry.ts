import { parseKeyPairsIntoRecord } from '@opentelemetry/core';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { createOtlpProcessor, createSampler, type OtelVariables } from './otlp.js';
import { createSpanPublisher, type PublishSpans } from './span-publisher.js';
import { idGenerator } from './span-ids.js';
import { joinTracing } from './tier-providers.js';
import { createWorkflowSpanProcessor } from './workflow-span-processor.js';

export interface TelemetryOptions {
  /** The name of the process: orchestrator, executor, model. */
  service: string;
  version: string;
  workerId: string;
  /** Where spans go for the built-in trace view; may be given later with setSpanPublisher. */
  publishSpans?: PublishSpans;
  /** The standard OTEL_* variables; an OTLP exporter runs only if they name an endpoint. */
  otel?: OtelVariables;
}

export interface Telemetry {
  /** Resolves when every finished span has left or is given up. Does not reject. */
  flush(): Promise<void>;
  /** Flushes and takes the tracer down. Does not reject. */
  shutdown(): Promise<void>;
  setSpanPublisher(publish: PublishSpans): void;
  /** Spans that did not reach the trace view. */
  droppedSpans(): number;
}

/** Longer values of attributes are cut, so that no span outgrows a message of the bus. */
const ATTRIBUTE_LIMIT_CHARACTERS = 4_096;

/** Starts tracing for a tier; once, before anything that makes spans. Where several share a process, each runs in `withService`. */
export function startTelemetry(options: TelemetryOptions): Telemetry {
  const otel = options.otel ?? {};
  const publisher = createSpanPublisher({ service: options.service, publish: options.publishSpans });
  const otlp = createOtlpProcessor(otel);
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({
      'service.namespace': 'trivet',
      'service.name': otel.OTEL_SERVICE_NAME ?? `trivet-${options.service}`,
      'service.version': options.version,
      'service.instance.id': options.workerId,
      ...parseKeyPairsIntoRecord(otel.OTEL_RESOURCE_ATTRIBUTES ?? ''),
    }),
    sampler: createSampler(otel),
    idGenerator,
    spanLimits: { attributeValueLengthLimit: ATTRIBUTE_LIMIT_CHARACTERS },
    spanProcessors: [createWorkflowSpanProcessor(), publisher, ...(otlp ? [otlp] : [])],
  });
  const leave = joinTracing(options.service, provider);

  const flush = (): Promise<void> => quietly(provider.forceFlush());
  return {
    flush,
    shutdown: async () => {
      await flush();
      await quietly(provider.shutdown());
      leave();
    },
    setSpanPublisher: publisher.setPublisher,
    droppedSpans: publisher.dropped,
  };
}

/** A collector that is down must not fail the service that reports to it. */
const quietly = (work: Promise<void>): Promise<void> => work.catch(() => undefined);
