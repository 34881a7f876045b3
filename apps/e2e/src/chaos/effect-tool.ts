import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Alteration } from '@trivet/testing';
import { buildTool } from '@trivet/tool-sdk';

/** A tool whose one effect is outside: it tells the target, from inside the sandbox, and gives what the target answers. */
export interface EffectTool {
  /** Makes the executors of a test have the tool, and lets it, and nothing else, reach the target on its private address. */
  alterations: Alteration[];
  remove: () => void;
}

const NAME = 'effect';
/** As the executor's own code says it; a spec looks whether it still does. */
const LIMITS = '{ maxMemoryMib }';
export const EXECUTOR_CODE = { loadsTools: `await loadTools(PLUGINS_FOLDER, ${LIMITS})`, makesExchange: 'createHttpExchange(rules)' } as const;

export async function buildEffectTool(targetPort: number): Promise<EffectTool> {
  const folder = mkdtempSync(join(tmpdir(), 'trivet-effect-'));
  mkdirSync(join(folder, NAME));
  writeFileSync(join(folder, NAME, 'tool.ts'), sourceFor(targetPort));
  writeFileSync(join(folder, NAME, 'tool.json'), JSON.stringify(manifestFor(targetPort)));
  await buildTool(join(folder, NAME));
  return {
    alterations: [
      { file: '/executor/dist/start.js', find: EXECUTOR_CODE.loadsTools, put: `new Map([...${EXECUTOR_CODE.loadsTools}, ...await loadTools(${JSON.stringify(folder)}, ${LIMITS})])` },
      { file: '/executor/dist/start.js', find: EXECUTOR_CODE.makesExchange, put: `createHttpExchange({ ...rules, privatePermissions: [{ tool: '${NAME}', host: '127.0.0.1', port: ${targetPort} }] })` },
    ],
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

const sourceFor = (port: number): string => `
import { http } from '@trivet/tool-sdk/guest';

export function run({ key, saw }) {
  const reply = http({ url: 'http://127.0.0.1:${port}/effect', method: 'POST', body: JSON.stringify({ key, saw }) });
  if (reply.status !== 200) throw new Error('the target answers ' + reply.status);
  return JSON.parse(reply.body);
}
`;

const manifestFor = (port: number): object => ({
  name: NAME,
  version: '1.0.0',
  description: 'Has an effect on the target of a test.',
  input: { type: 'object', properties: { key: { type: 'string' }, saw: {} }, required: ['key'] },
  output: { type: 'object', properties: { execution: { type: 'number' } }, required: ['execution'] },
  grants: { http: [{ host: '127.0.0.1', port }] },
  limits: { timeoutMs: 30_000, memoryMib: 32, outputKib: 16, hostCalls: 1 },
});
