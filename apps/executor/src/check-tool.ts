import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ToolCase, parseJsonText, parseOrFail } from '@trivet/contracts';
import { readManifest } from '@trivet/tool-sdk';
import { z } from 'zod';
import { callTool } from './call-tool.js';
import { schemaFindings } from './catalog/schema-findings.js';
import { admitTool } from './catalog/tool-catalog.js';
import { mistakeInCase } from './catalog/tool-case.js';
import { createCaseHost } from './host/case-host.js';
import { DEFAULT_LIMITS } from './sandbox/limits.js';
import { SandboxPool } from './sandbox/pool.js';

/**
 * `node check-tool.js <folder>`: admits the tool that was built there and runs its cases.json in the sandbox, as an
 * executor would. Prints one JSON document a line: `{"finding":…}` for what is wrong with the tool, `{"case":…}` for each case.
 */
const [folder = '.'] = process.argv.slice(2);
const print = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

const manifest = await readManifest(folder);
const module = await readFile(join(folder, 'dist', `${manifest.name}.wasm`));
const text = await readFile(join(folder, 'cases.json'), 'utf8').catch(() => '[]');
const cases = parseOrFail(z.array(ToolCase), parseJsonText(text, 'cases.json'), 'cases.json');
for (const finding of schemaFindings(manifest)) print({ finding });
const tool = admitTool(manifest, new Uint8Array(module), { maxMemoryMib: DEFAULT_LIMITS.maxMemoryMib, bundled: false });
const pool = new SandboxPool({ slots: 1 });
/** The pool by itself keeps no process alive. */
const alive = setInterval(() => undefined, 60_000);
for (const each of cases) {
  const startedAt = performance.now();
  const result = await callTool(pool, tool, each.input, { tenant: 'local', host: createCaseHost(manifest), nowMs: Date.now() });
  print({ case: each.name, mistake: mistakeInCase(each, result), elapsedMs: Math.round((performance.now() - startedAt) * 100) / 100 });
}
await pool.close();
clearInterval(alive);
