import { trace } from '@opentelemetry/api';
import { pino, stdTimeFunctions, type DestinationStream, type Logger as PinoLogger } from 'pino';
import { keepOnSpan, messageOf } from './log-events.js';
import { formatPretty } from './pretty-line.js';
import { createRedactor } from './redaction.js';
import { currentWorkflow } from './workflow-context.js';

export type Logger = PinoLogger;
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LoggerOptions {
  service: string;
  workerId: string;
  level?: LogLevel;
  /** One readable line for people in place of JSON. */
  pretty?: boolean;
  /** Values that must never appear: keys and passwords of the configuration. */
  secrets?: readonly string[];
  /** Where lines go; default: standard output, written at once, so that a kill loses none. */
  destination?: DestinationStream;
}

/**
 * A logger that writes one JSON object a line, with the workflow, tenant and trace of the code that logs. Secrets are
 * taken out of the whole line, wherever they stand in it. Lines that are written inside a span are kept on it, too.
 */
export function createLogger(options: LoggerOptions): Logger {
  const { service, workerId, level = 'info', pretty = false } = options;
  const redact = createRedactor(options.secrets ?? []);
  return pino(
    {
      level,
      base: { service, workerId },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      mixin: contextFields,
      hooks: {
        streamWrite: (line) => (pretty ? formatPretty(redact(line)) : redact(line)),
        logMethod(args, method, levelNumber) {
          keepOnSpan(this.levels.labels[levelNumber] ?? 'info', messageOf(args), redact);
          return method.apply(this, args);
        },
      },
    },
    options.destination ?? pino.destination({ fd: 1, sync: true }),
  );
}

function contextFields(): Record<string, string> {
  const span = trace.getActiveSpan()?.spanContext();
  return { ...currentWorkflow(), ...(span ? { traceId: span.traceId, spanId: span.spanId } : {}) };
}
