import type { Logger } from '@trivet/telemetry';
import type { McpServerConfig } from './mcp-config.js';
import { startMcpServer } from './mcp-server.js';
import { mcpToolOf, type McpTool } from './mcp-tool.js';

export interface McpToolsParts {
  servers: Readonly<Record<string, McpServerConfig>>;
  version: string;
  path: string;
  /** Called for each tool, again when its server came back with another description of it. */
  onTool: (tool: McpTool) => void;
  logger: Logger;
}

const WAIT_MS = 5_000;

/** Connects the configured MCP servers and tells of their tools, now and whenever one comes back. Resolves when each was tried, or after some seconds. */
export async function startMcpTools({ servers, version, path, onTool, logger }: McpToolsParts): Promise<{ close: () => Promise<void> }> {
  const started = Object.entries(servers).map(([name, config]) =>
    startMcpServer({
      name, config, version, path,
      onError: (error) => logger.warn({ err: error, server: name }, 'an MCP server'),
      onTools: (server, descriptions) => {
        const wanted = descriptions.filter(({ name: own }) => config.tools === undefined || config.tools.includes(own));
        for (const description of wanted) {
          const tool = mcpToolOf(server, description);
          if (typeof tool === 'string') logger.warn({ server: name, tool: description.name, reason: tool }, 'a tool of an MCP server is left out');
          else onTool(tool);
        }
        logger.info({ server: name, tools: wanted.length }, 'an MCP server is connected');
      },
    }),
  );
  await Promise.race([Promise.all(started.map(({ tried }) => tried)), new Promise((resolve) => setTimeout(resolve, started.length > 0 ? WAIT_MS : 0))]);
  return { close: async () => void (await Promise.all(started.map((server) => server.close()))) };
}
