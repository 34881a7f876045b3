/**
 * npm run record-histories: writes down what the machine decides in each scripted scenario, for its present version. A
 * history that is there already is never written over: what was decided once stays decided (docs/decisions/0017).
 */
import fs from 'node:fs';
import path from 'node:path';
import { prepare } from '../bin/prepare.mjs';
import { root } from './stages.mjs';

await prepare(root, (line) => console.error(line));
const { SCENARIOS } = await import('../apps/orchestrator/dist/workflow/histories-for-tests.js');
const { MACHINE_VERSION } = await import('../apps/orchestrator/dist/workflow/advance.js');
const folder = path.join(root, 'apps', 'orchestrator', 'histories');
fs.mkdirSync(folder, { recursive: true });
for (const { name, run } of SCENARIOS) {
  const file = path.join(folder, `${name}-${MACHINE_VERSION}.json`);
  if (fs.existsSync(file)) continue;
  fs.writeFileSync(file, `${JSON.stringify({ name, machine: MACHINE_VERSION, transitions: run().recorded }, null, 1)}\n`);
  console.log(`recorded ${path.relative(root, file)}`);
}
