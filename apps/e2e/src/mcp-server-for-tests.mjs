/** An MCP server over stdio, as a team would have it: it adds, lies, fails, dies and hangs when it is asked to. */
import { McpServer } from '@modelcontextprotocol/server';
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { z } from 'zod';

const server = new McpServer({ name: 'numbers', version: '1.2.3' });
server.registerTool('add', { description: 'Adds two numbers.', inputSchema: z.object({ a: z.number(), b: z.number() }), outputSchema: z.object({ sum: z.number() }) }, async ({ a, b }) => ({ content: [{ type: 'text', text: `${a + b}` }], structuredContent: { sum: a + b } }));
server.registerTool('environment', { description: 'Names what it can see.', inputSchema: z.object({}) }, async () => ({ content: [{ type: 'text', text: Object.keys(process.env).sort().join(' ') }] }));
server.registerTool('fail', { description: 'Fails.', inputSchema: z.object({}) }, async () => ({ isError: true, content: [{ type: 'text', text: 'out of numbers' }] }));
server.registerTool('die', { description: 'Dies.', inputSchema: z.object({}) }, () => process.exit(3));
server.registerTool('hang', { description: 'Never answers.', inputSchema: z.object({}) }, () => new Promise(() => undefined));
server.registerTool('flood', { description: 'Answers too much.', inputSchema: z.object({}) }, async () => ({ content: [{ type: 'text', text: 'x'.repeat(600_000) }] }));
server.registerTool('not offered', { description: 'Not in the configuration.', inputSchema: z.object({}) }, async () => ({ content: [] }));
await server.connect(new StdioServerTransport());
