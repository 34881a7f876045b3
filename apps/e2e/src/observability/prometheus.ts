import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '@trivet/testing';
import { stringify } from 'yaml';
import type { RuleFile } from './expressions.js';

const FOLDERS = ['/usr/bin', '/usr/local/bin', '/opt/homebrew/bin'];
const programOf = (name: string): string | undefined => FOLDERS.map((folder) => join(folder, name)).find(existsSync);

/** Prometheus and its tool, where this machine has them (Debian package: prometheus). */
export const PROMETHEUS = programOf('prometheus');
export const PROMTOOL = programOf('promtool');

/** What `promtool` says, on both of its outputs. It exits with 0, or with 3 for what it finds in metrics. */
export function promtool(args: readonly string[], input = ''): Promise<{ code: number | null; said: string }> {
  return new Promise((resolve) => {
    const child = execFile(PROMTOOL ?? 'promtool', args, (_, stdout, stderr) => resolve({ code: child.exitCode, said: stdout + stderr }));
    child.stdin?.end(input);
  });
}

export interface RunningPrometheus {
  /** What the API answers. */
  ask: <Data>(path: string) => Promise<Data>;
  stop: () => Promise<void>;
}

/** A Prometheus of its own that looks and decides twice a second. */
export async function startPrometheus({ targets, rules }: { targets: readonly string[]; rules: RuleFile }): Promise<RunningPrometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'trivet-prometheus-'));
  const port = await freePort();
  const config = { global: { scrape_interval: '500ms', scrape_timeout: '500ms', evaluation_interval: '500ms' }, rule_files: ['rules.yml'], scrape_configs: [{ job_name: 'trivet', static_configs: [{ targets }] }] };
  writeFileSync(join(folder, 'rules.yml'), stringify(rules));
  writeFileSync(join(folder, 'prometheus.yml'), stringify(config));
  const child = spawn(PROMETHEUS ?? 'prometheus', [`--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`, `--web.listen-address=127.0.0.1:${port}`, '--log.level=warn'], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (data) => (said += String(data)));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const ask = async <Data>(path: string): Promise<Data> => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return ((await response.json()) as { data: Data }).data;
  };
  await until(async () => (await fetch(`http://127.0.0.1:${port}/-/ready`)).ok, 20_000, () => `Prometheus is not ready: ${said}`);
  return {
    ask,
    stop: async () => {
      child.kill('SIGKILL');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
