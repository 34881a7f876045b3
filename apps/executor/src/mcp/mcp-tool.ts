import { createHash } from 'node:crypto';
import type { Tool as McpToolDescription } from '@modelcontextprotocol/client';
import { ToolManifest, canonicalJson, type JsonObject } from '@trivet/contracts';
import { compileSchema } from '../catalog/schema.js';
import { schemaFindings } from '../catalog/schema-findings.js';
import type { CheckedTool } from '../catalog/tool-catalog.js';
import type { McpServer } from './mcp-server.js';

/** A tool that an MCP server offers, under a name that says whose it is. */
export interface McpTool extends CheckedTool {
  digest: string;
  bundled: boolean;
  mcp: { server: McpServer; tool: string };
}

const DEFAULT_LIMITS = { timeoutMs: 60_000, outputKib: 256, memoryMib: 1, hostCalls: 0 };
const LONGEST_NAME = 64;
const LONGEST_DESCRIPTION = 2_000;

/** What a tool of an MCP server is for us; a sentence that says why not, when it cannot be one. */
export function mcpToolOf(server: McpServer, description: McpToolDescription): McpTool | string {
  const { name: own, description: text = '', inputSchema, outputSchema } = description;
  const name = `mcp_${server.name}_${own}`.replaceAll(/[^A-Za-z0-9_-]/g, '_').slice(0, LONGEST_NAME);
  const schemas: { input: JsonObject; output: JsonObject } = JSON.parse(JSON.stringify({ input: inputSchema, output: outputOf(outputSchema) }));
  const parsed = ToolManifest.safeParse({
    name,
    version: '1.0.0',
    description: (text.trim() || `The tool ${own} of the MCP server ${server.name}.`).slice(0, LONGEST_DESCRIPTION),
    ...schemas,
    limits: { ...DEFAULT_LIMITS, ...server.config.limits },
    ...(server.config.dangerous?.includes(own) ? { dangerous: true } : {}),
  });
  if (!parsed.success) return parsed.error.issues[0]?.message ?? 'its description is not valid';
  const manifest = parsed.data;
  const [finding] = schemaFindings(manifest);
  if (finding) return `${finding.pointer} ${finding.detail}`;
  return {
    manifest,
    digest: createHash('sha256').update(canonicalJson(manifest)).digest('hex'),
    bundled: true,
    mcp: { server, tool: own },
    checkInput: compileSchema(manifest.input, `input of ${name}`),
    checkOutput: compileSchema(manifest.output, `output of ${name}`),
  };
}

const outputOf = (structured: unknown): object => ({
  type: 'object',
  properties: { text: { type: 'string', description: 'All texts of the answer.' }, content: { type: 'array', items: { type: 'object' } }, ...(structured === undefined ? {} : { structured }) },
  required: ['text', 'content', ...(structured === undefined ? [] : ['structured'])],
});
