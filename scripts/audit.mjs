/**
 * npm run audit [-- <folder>]: asks the registry for known weaknesses of what the lock file installs. Exit 0: none, or each one is explained
 * (scripts/supply-chain/audit.mjs); 1: there are some; 2: the registry could not be asked. It needs the network, so no test and no build runs it.
 */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { root } from './stages.mjs';
import { judgeAudit } from './supply-chain/audit.mjs';

const folder = path.resolve(root, process.argv[2] ?? '.');
try {
  const { findings, explained, unused } = judgeAudit(await readAudit(), new Date().toISOString().slice(0, 10));
  for (const line of explained) console.log(`explained: ${line}`);
  for (const line of unused) console.log(`no longer needed: the exception for ${line}`);
  for (const line of findings) console.error(line);
  console.log(`${findings.length} findings, ${explained.length} explained`);
  process.exitCode = findings.length > 0 ? 1 : 0;
} catch (error) {
  console.error(`${error.message}\nNothing is known about the packages. Try again where the registry answers audits.`);
  process.exitCode = 2;
}

/** npm exits with 1 both for findings and for errors; what it prints tells them apart. */
function readAudit() {
  return new Promise((resolve, reject) => {
    const child = spawn('npm', ['audit', '--json', '--package-lock-only', '--audit'], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.on('data', (data) => (said += data));
    child.on('error', reject);
    child.on('close', () => {
      try {
        resolve(JSON.parse(said));
      } catch {
        reject(new Error(`npm audit printed no JSON: ${said.slice(0, 300)}`));
      }
    });
  });
}
