import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';

/** The published definitions of OTLP 1.9 (opentelemetry-proto). */
const PROTO = fileURLToPath(new URL('../../../../infra/otel/proto/', import.meta.url));
const root = new protobuf.Root();
root.resolvePath = (_, target) => PROTO + target;
root.loadSync('opentelemetry/proto/collector/trace/v1/trace_service.proto');
const REQUEST = root.lookupType('opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest');

/**
 * What is wrong with the body of an export of traces as OTLP/JSON, a sentence each. Strict: a field that the schema does not know is an error. By the
 * rules of OTLP/JSON, which are not those of protobuf's JSON everywhere: ids are hexadecimal, enums are numbers, 64-bit numbers may be text.
 */
export const findOtlpProblems = (request: unknown): string[] => checkMessage(REQUEST, request, 'request');

function checkMessage(type: protobuf.Type, value: unknown, path: string): string[] {
  if (!isRecord(value)) return [`${path} is ${JSON.stringify(value)} and not a ${type.name}`];
  const fields = Object.entries(value).flatMap(([key, inner]) => {
    const field = type.fields[key]?.resolve();
    return field ? checkField(field, inner, `${path}.${key}`) : [`${path}.${key} is no field of ${type.name}`];
  });
  const choices = type.oneofsArray.filter(({ oneof }) => oneof.filter((name) => name in value).length > 1).map(({ name }) => `${path} has more than one ${name}`);
  return [...fields, ...choices, ...(type.name === 'Span' ? checkSpan(value, path) : [])];
}

function checkField(field: protobuf.Field, value: unknown, path: string): string[] {
  if (!field.repeated) return checkValue(field, value, path);
  if (!Array.isArray(value)) return [`${path} is not a list`];
  return value.flatMap((each, index) => checkValue(field, each, `${path}[${index}]`));
}

function checkValue(field: protobuf.Field, value: unknown, path: string): string[] {
  const { resolvedType } = field;
  if (resolvedType instanceof protobuf.Type) return checkMessage(resolvedType, value, path);
  if (resolvedType instanceof protobuf.Enum) return typeof value === 'number' && value in resolvedType.valuesById ? [] : [`${path} is ${JSON.stringify(value)}, which ${resolvedType.name} does not have`];
  return isScalar(field, value) ? [] : [`${path} is ${JSON.stringify(value)} and not ${field.type}`];
}

/** Hexadecimal digits of the ids; other bytes are base64. */
const ID_DIGITS: Record<string, number> = { traceId: 32, spanId: 16, parentSpanId: 16 };

function isScalar({ name, type }: protobuf.Field, value: unknown): boolean {
  switch (type) {
    case 'string': return typeof value === 'string';
    case 'bool': return typeof value === 'boolean';
    case 'double': return typeof value === 'number';
    case 'bytes': return typeof value === 'string' && (name in ID_DIGITS ? new RegExp(`^(?!0+$)[0-9a-f]{${ID_DIGITS[name]}}$`).test(value) : /^[A-Za-z0-9+/]*={0,2}$/.test(value));
    case 'uint32':
    case 'fixed32': return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 2 ** 32;
    case 'fixed64': return /^\d+$/.test(String(value));
    case 'int64': return /^-?\d+$/.test(String(value));
    default: return false;
  }
}

/** What the comments of the schema ask for and its types cannot. */
function checkSpan(span: Record<string, unknown>, path: string): string[] {
  const missing = ['traceId', 'spanId', 'name', 'startTimeUnixNano', 'endTimeUnixNano'].filter((name) => !span[name]).map((name) => `${path} has no ${name}`);
  if (missing.length > 0) return missing;
  const isBackwards = BigInt(String(span.endTimeUnixNano)) < BigInt(String(span.startTimeUnixNano));
  return isBackwards ? [`${path} ends before it starts`] : [];
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
