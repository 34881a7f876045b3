// Builds every tool in this folder to <tool>/dist/<tool>.wasm; what is unchanged is left alone.
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildTool } from '@trivet/tool-sdk';

const here = dirname(fileURLToPath(import.meta.url));
const startedAt = performance.now();
const folders = readdirSync(here).filter((name) => existsSync(join(here, name, 'tool.json')));
const built = await Promise.allSettled(
  folders.map(async (name) => {
    const tool = await buildTool(join(here, name));
    const what = tool.built ? `built in ${Math.round(tool.elapsedMs)} ms` : 'unchanged';
    console.log(`${tool.name.padEnd(18)} ${String(Math.ceil(tool.bytes / 1024)).padStart(5)} KiB  ${tool.digest.slice(0, 12)}  ${what}`);
  }),
);
for (const [index, result] of built.entries()) {
  if (result.status === 'rejected') console.error(`${folders[index]}: ${result.reason instanceof Error ? result.reason.message : result.reason}`);
}
const failed = built.filter(({ status }) => status === 'rejected').length;
console.log(`${folders.length - failed} tool(s) ready, ${failed} failed, ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
if (failed > 0) process.exitCode = 1;
