import { Identifier, ToolLimits, parseJsonText, parseOrFail } from '@trivet/contracts';
import { readConfigFile } from '@trivet/service';
import { z } from 'zod';

const common = {
  tools: z.array(z.string().min(1)).optional().describe('Only these of its tools; absent: all.'),
  dangerous: z.array(z.string().min(1)).optional().describe('Of these a person has to approve each call.'),
  limits: ToolLimits.pick({ timeoutMs: true, outputKib: true }).partial().optional(),
};

const McpServerConfig = z.union([
  z.strictObject({ command: z.string().min(1), args: z.array(z.string()).optional(), env: z.record(z.string(), z.string()).optional().describe('All of its environment but PATH.'), cwd: z.string().optional(), ...common }),
  z.strictObject({ url: z.url(), headers: z.record(z.string(), z.string()).optional(), ...common }),
]);
export type McpServerConfig = z.infer<typeof McpServerConfig>;

/** The servers of `TRIVET_MCP_CONFIG`, by name. */
const McpConfig = z.strictObject({ servers: z.record(Identifier, McpServerConfig) });

/** @param file undefined: there are none. @throws ConfigError */
export const readMcpConfig = (file: string | undefined): Readonly<Record<string, McpServerConfig>> => readConfigFile('TRIVET_MCP_CONFIG', file, (text) => parseOrFail(McpConfig, parseJsonText(text, 'the file'), 'the file').servers) ?? {};
