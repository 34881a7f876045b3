import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { BENCHMARKS } from './index.mjs';
import { plotThroughput } from './plot.mjs';

/** Puts the latest results into docs/performance.md, between the marks of each benchmark, and draws the plot. */
const results = new URL('results/', import.meta.url);
const page = new URL('../docs/performance.md', import.meta.url);
let text = readFileSync(page, 'utf8');
for (const [name, { show }] of Object.entries(BENCHMARKS)) {
  const latest = readdirSync(results).filter((file) => file.startsWith(`${name}-`) && file.endsWith('.json')).sort().at(-1);
  if (!latest) continue;
  const result = JSON.parse(readFileSync(new URL(latest, results), 'utf8'));
  const about = `Measured ${result.at.slice(0, 10)}, Node ${result.node}, ${result.cores} cores, load ${result.load.toFixed(1)} at the start (\`bench/results/${latest}\`).`;
  text = text.replace(new RegExp(`<!-- ${name} -->[^]*?<!-- /${name} -->`), () => `<!-- ${name} -->\n${about}\n\n${show(result)}\n<!-- /${name} -->`);
  if (name === 'engine') writeFileSync(new URL('../docs/performance.svg', import.meta.url), plotThroughput(result.rows, result.inFlight));
}
writeFileSync(page, text);
