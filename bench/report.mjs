import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { BENCHMARKS } from './index.mjs';
import { plotReplicas, plotThroughput } from './plot.mjs';

/** Puts the latest results into docs/performance.md and docs/scaling.md, between the marks of each benchmark, and draws the plot. */
const results = new URL('results/', import.meta.url);
const docs = new URL('../docs/', import.meta.url);
const pages = ['performance.md', 'scaling.md'].map((name) => new URL(name, docs));
const texts = pages.map((page) => readFileSync(page, 'utf8'));
for (const [name, { show }] of Object.entries(BENCHMARKS)) {
  const latest = readdirSync(results).filter((file) => file.startsWith(`${name}-`) && file.endsWith('.json')).sort().at(-1);
  if (!latest) continue;
  const result = JSON.parse(readFileSync(new URL(latest, results), 'utf8'));
  const about = `Measured ${result.at.slice(0, 10)}, Node ${result.node}, ${result.cores} cores, load ${result.load.toFixed(1)} at the start (\`bench/results/${latest}\`).`;
  for (const [index, text] of texts.entries()) texts[index] = text.replace(new RegExp(`<!-- ${name} -->[^]*?<!-- /${name} -->`), () => `<!-- ${name} -->\n${about}\n\n${show(result)}\n<!-- /${name} -->`);
  if (name === 'engine') writeFileSync(new URL('performance.svg', docs), plotThroughput(result.rows, result.inFlight));
  if (name === 'scale') writeFileSync(new URL('scaling.svg', docs), plotReplicas(result.replicas));
}
for (const [index, page] of pages.entries()) writeFileSync(page, texts[index]);
