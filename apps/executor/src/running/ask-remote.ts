import { subjects, type Bus, type RawAnswer } from '@trivet/bus';
import { HEADERS, type JsonValue } from '@trivet/contracts';
import type { RemoteTool } from '../catalog/remote-tool.js';
import type { HostCallContext } from '../host/host-functions.js';
import { readOutput } from '../sandbox/output.js';
import { EMPTY_FIGURES, failed, type SandboxResult } from '../sandbox/result.js';

/** Asks the service of a remote tool. Rejects with `unavailable` only when our own connection failed: then somebody has to ask again. */
export type RemoteAsker = (tool: RemoteTool, context: HostCallContext, input: JsonValue, options: { signal: AbortSignal; timeoutMs: number | undefined }) => Promise<SandboxResult>;

/** The broker counts the headers of a message with its body. */
const ROOM_FOR_HEADERS_BYTES = 4_096;
/** By which the bus waits longer than we do, so that it is our own clock that says what was late. */
const GRACE_MS = 1_000;
const LONGEST_ERROR = 1_000;

interface Exchange {
  tool: RemoteTool;
  bytesIn: number;
  startedAt: number;
  timeoutMs: number;
}

/**
 * Remote tools: one request on the bus, one answer. What the service answers is believed no more than what a plugin answers. The message
 * id is that of the call, the same when it runs again after a crash: a service that must not act twice remembers it.
 */
export function createRemoteAsker(bus: Pick<Bus, 'ask' | 'maxPayloadBytes'>): RemoteAsker {
  return async (tool, context, input, options) => {
    const body = JSON.stringify(input);
    const exchange: Exchange = { tool, bytesIn: Buffer.byteLength(body), startedAt: performance.now(), timeoutMs: Math.max(1, Math.min(tool.manifest.limits.timeoutMs, options.timeoutMs ?? Infinity)) };
    const most = bus.maxPayloadBytes() - ROOM_FOR_HEADERS_BYTES;
    if (exchange.bytesIn > most) return failed('payload_too_large', `The input of tool ${tool.manifest.name} has ${exchange.bytesIn} bytes; a message to ${tool.remote} takes ${most}.`, { value: exchange.bytesIn, limit: most }, EMPTY_FIGURES);
    if (options.signal.aborted) return cancelled(exchange);
    const asked = bus.ask(subjects.remoteTool(tool.remote), body, { workflowId: context.workflowId, messageId: messageIdOf(context), headers: { [HEADERS.tenant]: context.tenant, [HEADERS.contentType]: 'application/json' }, timeoutMs: exchange.timeoutMs + GRACE_MS });
    const answer = await firstOf(asked, exchange.timeoutMs, options.signal);
    if (answer === 'late') return failed('tool_timeout', `Tool ${tool.manifest.name} ran for ${exchange.timeoutMs} ms without an answer on ${tool.remote}, which is its limit.`, { limitMs: exchange.timeoutMs, valueMs: Math.round(performance.now() - exchange.startedAt) }, figuresOf(exchange, 0));
    if (answer === 'cancelled') return cancelled(exchange);
    if (answer === null) return failed('unavailable', `Nobody answers on ${tool.remote}, where tool ${tool.manifest.name} is expected: no responders. Start its service, with the right to listen there.`, { subject: tool.remote }, figuresOf(exchange, 0));
    return readAnswer(exchange, answer);
  };
}

const messageIdOf = ({ callId, within = [] }: HostCallContext): string => [callId, ...within].join('.');

async function firstOf(asked: Promise<RawAnswer | null>, timeoutMs: number, signal: AbortSignal): Promise<RawAnswer | null | 'late' | 'cancelled'> {
  let stop = (): void => undefined;
  const ended = new Promise<'late' | 'cancelled'>((resolve) => {
    const timer = setTimeout(() => resolve('late'), timeoutMs);
    const cancel = (): void => resolve('cancelled');
    signal.addEventListener('abort', cancel, { once: true });
    stop = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', cancel);
    };
  });
  return Promise.race([asked, ended]).finally(() => stop());
}

function readAnswer(exchange: Exchange, answer: RawAnswer): SandboxResult {
  const { name, limits } = exchange.tool.manifest;
  const { remote } = exchange.tool;
  const bytes = answer.data.byteLength;
  const figures = figuresOf(exchange, bytes);
  const [code, text] = [answer.header(HEADERS.serviceErrorCode), answer.header(HEADERS.serviceError)];
  if (code !== undefined || text !== undefined) {
    const said = oneLine(text ?? 'no description');
    return failed('tool_failed', `The service of tool ${name} on ${remote} answered with error ${oneLine(code ?? 'without a code')}: ${said}`, { serviceErrorCode: oneLine(code ?? ''), serviceError: said }, figures);
  }
  const limit = limits.outputKib * 1024;
  if (bytes > limit) return failed('tool_output_too_large', `Tool ${name} returned ${bytes} bytes; its limit is ${limit}.`, { value: bytes, limit }, figures);
  const read = readOutput(answer.data);
  if ('problem' in read) return failed('tool_output_invalid', `Tool ${name} returned ${bytes} bytes that are ${read.problem}.`, { reason: read.reason, bytes }, figures);
  return { outcome: 'completed', output: read.output, sandbox: figures };
}

const cancelled = (exchange: Exchange): SandboxResult => failed('cancelled', `The call of tool ${exchange.tool.manifest.name} was cancelled.`, undefined, figuresOf(exchange, 0));

const figuresOf = ({ startedAt, bytesIn }: Exchange, bytesOut: number): SandboxResult['sandbox'] => ({ ...EMPTY_FIGURES, wallMs: Math.round((performance.now() - startedAt) * 100) / 100, bytesIn, bytesOut });

/** Text of a stranger that goes into messages, logs and pages. */
// oxlint-disable-next-line no-control-regex
const oneLine = (text: string): string => text.replace(/[\u0000-\u001f\u007f]+/g, ' ').trim().slice(0, LONGEST_ERROR);
