import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { latencies, median, round } from '../measure.mjs';
import { openPool } from './ways.mjs';

const PYODIDE = fileURLToPath(new URL('../peers/pyodide.mjs', import.meta.url));
const TIMES = 7;
const INPUT = Buffer.from(JSON.stringify({ code: 'sum(range(10))' }));

/** From nothing to the first result of a line of Python, and the next: Trivet's slot and plugin, and Pyodide in a process. */
export async function measurePython(tool) {
  return { 'Trivet, code_python in a slot': await ours(tool), 'Pyodide in a process (contains nothing)': await pyodide().catch((error) => ({ error: error.message.split('\n')[0] })) };
}

async function ours(tool) {
  const [first, again] = [[], []];
  for (let time = 0; time < TIMES; time += 1) {
    const startedAt = performance.now();
    const pool = openPool(1);
    try {
      expectSum((await pool.call(tool, INPUT)).value);
      first.push(performance.now() - startedAt);
      const next = performance.now();
      await pool.call(tool, INPUT);
      again.push(performance.now() - next);
    } finally {
      await pool.close();
    }
  }
  return figures(first, again);
}

async function pyodide() {
  const [first, again] = [[], []];
  for (let time = 0; time < TIMES; time += 1) {
    const startedAt = performance.timeOrigin + performance.now();
    const child = fork(PYODIDE, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    let errors = '';
    child.stderr.on('data', (data) => (errors = (errors + data).slice(-500)));
    const said = await new Promise((resolve, reject) => {
      child.once('message', resolve);
      child.once('exit', (code) => reject(new Error(`Pyodide ended with ${code}: ${errors}`)));
    });
    expectSum(said.first);
    first.push(said.readyAt - startedAt);
    again.push(said.againMs);
  }
  return figures(first, again);
}

function expectSum(value) {
  if (value !== 45) throw new Error(`the sum came out as ${value}`);
}

const figures = (first, again) => ({ firstMs: latencies(first).p50, againMs: round(median(again)) });
