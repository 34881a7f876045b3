import { parseKeyPairsIntoRecord } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { CompressionAlgorithm } from '@opentelemetry/otlp-exporter-base';
import { AlwaysOffSampler, AlwaysOnSampler, BatchSpanProcessor, ParentBasedSampler, TraceIdRatioBasedSampler, type Sampler, type SpanProcessor } from '@opentelemetry/sdk-trace-node';
import { createLoadSampler } from './load-sampler.js';

/** The standard OTEL_* variables that are set, by name; read from the environment by the app's configuration. */
export type OtelVariables = Readonly<Record<string, string | undefined>>;

/**
 * Sends spans to a collector as OTLP over HTTP (JSON), by the standard variables of the OpenTelemetry exporter
 * specification. Undefined when none is configured: the network is only used when an operator said where.
 */
export function createOtlpProcessor(variables: OtelVariables): SpanProcessor | undefined {
  const url = tracesUrl(variables);
  if (!url || isDisabled(variables) || variables.OTEL_TRACES_EXPORTER === 'none') return undefined;
  const exporter = new OTLPTraceExporter({
    url,
    headers: {
      ...parseKeyPairsIntoRecord(variables.OTEL_EXPORTER_OTLP_HEADERS ?? ''),
      ...parseKeyPairsIntoRecord(variables.OTEL_EXPORTER_OTLP_TRACES_HEADERS ?? ''),
    },
    timeoutMillis: numberOf(variables.OTEL_EXPORTER_OTLP_TRACES_TIMEOUT ?? variables.OTEL_EXPORTER_OTLP_TIMEOUT) ?? 10_000,
    compression: (variables.OTEL_EXPORTER_OTLP_TRACES_COMPRESSION ?? variables.OTEL_EXPORTER_OTLP_COMPRESSION) === 'gzip' ? CompressionAlgorithm.GZIP : CompressionAlgorithm.NONE,
  });
  return new BatchSpanProcessor(exporter, {
    scheduledDelayMillis: numberOf(variables.OTEL_BSP_SCHEDULE_DELAY) ?? 1_000,
    maxQueueSize: numberOf(variables.OTEL_BSP_MAX_QUEUE_SIZE) ?? 8_192,
    maxExportBatchSize: numberOf(variables.OTEL_BSP_MAX_EXPORT_BATCH_SIZE) ?? 512,
    exportTimeoutMillis: numberOf(variables.OTEL_BSP_EXPORT_TIMEOUT) ?? 10_000,
  });
}

/**
 * The sampler that OTEL_TRACES_SAMPLER names; without it, that of the load.
 */
export function createSampler(variables: OtelVariables): Sampler {
  if (isDisabled(variables)) return new AlwaysOffSampler();
  const ratio = new TraceIdRatioBasedSampler(numberOf(variables.OTEL_TRACES_SAMPLER_ARG) ?? 1);
  switch (variables.OTEL_TRACES_SAMPLER) {
    case 'always_off': return new AlwaysOffSampler();
    case 'traceidratio': return ratio;
    case 'parentbased_always_on': return new ParentBasedSampler({ root: new AlwaysOnSampler() });
    case 'parentbased_always_off': return new ParentBasedSampler({ root: new AlwaysOffSampler() });
    case 'parentbased_traceidratio': return new ParentBasedSampler({ root: ratio });
    default: return createLoadSampler();
  }
}

/** Disabled means no span is recorded; ids and the workflow still travel. */
const isDisabled = (variables: OtelVariables): boolean => variables.OTEL_SDK_DISABLED?.toLowerCase() === 'true';

/** The general endpoint is a base that the path is added to; the one for traces is taken as it is (OTLP exporter specification). */
function tracesUrl(variables: OtelVariables): string | undefined {
  if (variables.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT) return variables.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT;
  const base = variables.OTEL_EXPORTER_OTLP_ENDPOINT;
  return base ? `${base.replace(/\/+$/, '')}/v1/traces` : undefined;
}

function numberOf(text: string | undefined): number | undefined {
  const value = Number(text);
  return text && Number.isFinite(value) && value >= 0 ? value : undefined;
}
