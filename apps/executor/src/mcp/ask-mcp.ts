import type { CallToolResult } from '@modelcontextprotocol/client';
import { FailureError, type JsonObject, type JsonValue } from '@trivet/contracts';
import { EMPTY_FIGURES, failed, type SandboxResult } from '../sandbox/result.js';
import { readOutput } from '../sandbox/output.js';
import { isGone } from './mcp-server.js';
import type { McpTool } from './mcp-tool.js';

const LONGEST_ERROR = 2_000;

interface Exchange {
  tool: McpTool;
  startedAt: number;
  timeoutMs: number;
}

/** One call of a tool of an MCP server. What it answers is believed no more than what a plugin answers; a server that is gone fails this call only. */
export async function askMcp(tool: McpTool, input: JsonValue, options: { signal: AbortSignal; timeoutMs: number | undefined }): Promise<SandboxResult> {
  const timeoutMs = Math.max(1, Math.min(tool.manifest.limits.timeoutMs, options.timeoutMs ?? Infinity));
  const exchange: Exchange = { tool, startedAt: performance.now(), timeoutMs };
  const late = AbortSignal.timeout(timeoutMs);
  const signal = AbortSignal.any([options.signal, late]);
  const given: JsonObject = input !== null && typeof input === 'object' && !Array.isArray(input) ? input : {};
  try {
    const answer = await Promise.race([tool.mcp.server.call(tool.mcp.tool, given, { signal, timeoutMs: timeoutMs + 1_000 }), aborted(signal)]);
    return readAnswer(exchange, answer);
  } catch (error) {
    return failureOf(exchange, error, { isLate: late.aborted, isCancelled: options.signal.aborted });
  }
}

/** A server need not take notice of a cancel. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

function readAnswer(exchange: Exchange, answer: CallToolResult): SandboxResult {
  const { name, limits } = exchange.tool.manifest;
  const { content = [], structuredContent, isError } = answer;
  const text = content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n');
  const bytes = Buffer.from(JSON.stringify({ text, content, ...(structuredContent === undefined ? {} : { structured: structuredContent }) }));
  const figures = figuresOf(exchange, bytes.length);
  if (isError) return failed('tool_failed', `The MCP tool ${name} says: ${text.slice(0, LONGEST_ERROR) || 'that it failed, and nothing more'}`, undefined, figures);
  const limit = limits.outputKib * 1024;
  if (bytes.length > limit) return failed('tool_output_too_large', `Tool ${name} returned ${bytes.length} bytes; its limit is ${limit}.`, { value: bytes.length, limit }, figures);
  const read = readOutput(bytes);
  return 'problem' in read ? failed('tool_output_invalid', `Tool ${name} returned ${bytes.length} bytes that are ${read.problem}.`, { reason: read.reason, bytes: bytes.length }, figures) : { outcome: 'completed', output: read.output, sandbox: figures };
}

function failureOf(exchange: Exchange, error: unknown, { isLate, isCancelled }: { isLate: boolean; isCancelled: boolean }): SandboxResult {
  const { name } = exchange.tool.manifest;
  const { server } = exchange.tool.mcp;
  const figures = figuresOf(exchange, 0);
  if (isCancelled) return failed('cancelled', `The call of tool ${name} was cancelled.`, undefined, figures);
  if (isLate) return failed('tool_timeout', `Tool ${name} ran for ${exchange.timeoutMs} ms without an answer of the MCP server ${server.name}, which is its limit.`, { limitMs: exchange.timeoutMs, valueMs: Math.round(performance.now() - exchange.startedAt) }, figures);
  if (error instanceof FailureError) return failed(error.failure.code, error.failure.message, error.failure.detail, figures);
  const said = (error instanceof Error ? error.message : String(error)).slice(0, LONGEST_ERROR);
  if (/more than \d+ bytes/.test(said)) return failed('tool_output_too_large', `The MCP server ${server.name} answered the call of tool ${name} with too much: ${said}`, { server: server.name }, figures);
  if (isGone(error) || /connection closed|not connected|EPIPE/i.test(said)) return failed('tool_crashed', `The MCP server ${server.name} went away during the call of tool ${name}: ${said}`, { server: server.name }, figures);
  if (/schema|structured/i.test(said)) return failed('tool_output_invalid', `The MCP server ${server.name} answered the call of tool ${name} against its own schema: ${said}`, { reason: 'schema' }, figures);
  return failed('tool_failed', `The MCP server ${server.name} refused the call of tool ${name}: ${said}`, { server: server.name }, figures);
}

const figuresOf = ({ startedAt }: Exchange, bytesOut: number): SandboxResult['sandbox'] => ({ ...EMPTY_FIGURES, wallMs: Math.round((performance.now() - startedAt) * 100) / 100, bytesOut });
