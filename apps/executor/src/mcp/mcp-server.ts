import { Client, SdkHttpError, StreamableHTTPClientTransport, type CallToolResult, type Tool as McpToolDescription } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { FailureError, type JsonObject } from '@trivet/contracts';
import { boundedFetch } from './bounded-fetch.js';
import type { McpServerConfig } from './mcp-config.js';

/** A server of the Model Context Protocol, connected again whenever it is gone. */
export interface McpServer {
  name: string;
  config: McpServerConfig;
  call: (tool: string, input: JsonObject, options: { signal: AbortSignal; timeoutMs: number }) => Promise<CallToolResult>;
  /** Resolves when the first attempt to connect has ended, either way. */
  tried: Promise<void>;
  close: () => Promise<void>;
}

export interface McpServerParts {
  name: string;
  config: McpServerConfig;
  version: string;
  /** Where commands are looked for. */
  path: string;
  /** What tools it offers, each time it was connected. */
  onTools: (server: McpServer, tools: readonly McpToolDescription[]) => void;
  onError: (error: unknown) => void;
}

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 30_000;
const CONNECT_WITHIN_MS = 15_000;
/** No message of a server may be larger. */
const MOST_BYTES = 4 * 1_048_576;

export function startMcpServer(parts: McpServerParts): McpServer {
  const { name, config, version, onError } = parts;
  let client: Client | null = null;
  let closed = false;
  let retryMs = FIRST_RETRY_MS;
  let timer: NodeJS.Timeout | undefined;

  async function connect(): Promise<void> {
    const made = new Client({ name: 'trivet', version });
    made.onclose = () => {
      if (client === made) client = null;
      if (!closed) retry();
    };
    made.onerror = onError;
    try {
      await made.connect(transportOf(config, parts.path), { timeout: CONNECT_WITHIN_MS });
      const { tools } = await made.listTools({}, { timeout: CONNECT_WITHIN_MS });
      if (closed) return await made.close();
      client = made;
      retryMs = FIRST_RETRY_MS;
      parts.onTools(server, tools);
    } catch (error) {
      onError(new Error(`the MCP server ${name} could not be connected`, { cause: error }));
      await made.close().catch(() => undefined);
      if (!closed) retry();
    }
  }

  function retry(): void {
    clearTimeout(timer);
    timer = setTimeout(() => void connect(), retryMs);
    retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS);
  }

  // Not before this function is through: the tools are told together with the server.
  const tried = Promise.resolve().then(connect);
  const server: McpServer = {
    name,
    config,
    tried,
    call: async (tool, input, { signal, timeoutMs }) => {
      if (!client) throw new FailureError('unavailable', `The MCP server ${name} is not connected.`, { hint: 'See the log of the executor; it is tried again.' });
      const used = client;
      try {
        return await used.callTool({ name: tool, arguments: input }, { signal, timeout: timeoutMs });
      } catch (error) {
        // Over HTTP nobody tells that a server is gone, or that it was started anew and knows this session no more.
        if ('url' in config && isGone(error)) await used.close().catch(onError);
        throw error;
      }
    },
    close: async () => {
      closed = true;
      clearTimeout(timer);
      await client?.close().catch(onError);
    },
  };
  return server;
}

/** @returns whether an exchange over HTTP failed as it does without its server, or without its session */
export const isGone = (error: unknown): boolean => error instanceof Error && (/fetch failed|terminated|socket hang up|ECONNRE|session/i.test(error.message) || (error instanceof SdkHttpError && SESSION_GONE.includes(error.status)));

const SESSION_GONE: readonly number[] = [404, 410];

function transportOf(config: McpServerConfig, path: string): StdioClientTransport | StreamableHTTPClientTransport {
  if ('url' in config) return new StreamableHTTPClientTransport(new URL(config.url), { fetch: boundedFetch(MOST_BYTES), ...(config.headers ? { requestInit: { headers: config.headers } } : {}) });
  const { command, args, cwd, env } = config;
  return new StdioClientTransport({ command, ...(args ? { args } : {}), ...(cwd ? { cwd } : {}), env: { PATH: path, ...env }, stderr: 'ignore', maxBufferSize: MOST_BYTES });
}
