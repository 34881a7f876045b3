/** Runs the generator and exits 1 when it changed anything: what is generated and checked in must be what the sources say. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { root, runThrough } from './stages.mjs';

/** Where generated files lie. */
const PLACES = ['contracts/schemas', 'contracts/asyncapi.yaml', 'contracts/openapi.yaml', 'docs', '.env.example', 'infra/nats/nats.conf', 'infra/redis/start.sh', 'infra/k8s/components/nats/nats.conf', 'infra/k8s/components/redis/start.sh'];

const before = fingerprints();
const code = (await runThrough(process.execPath, ['scripts/generate.mjs'])) || (await runThrough(process.execPath, ['scripts/generate-infra.mjs']));
const after = fingerprints();
const stale = [...new Set([...before.keys(), ...after.keys()])].filter((file) => before.get(file) !== after.get(file));
for (const file of stale) console.error(`${file} was out of date; it is generated: commit it as it is now`);
process.exitCode = code !== 0 || stale.length > 0 ? 1 : 0;

function fingerprints() {
  return new Map(PLACES.flatMap(listFiles).map((file) => [file, createHash('sha256').update(fs.readFileSync(path.join(root, file))).digest('hex')]));
}

function listFiles(place) {
  const stat = fs.statSync(path.join(root, place), { throwIfNoEntry: false });
  if (!stat) return [];
  return stat.isDirectory() ? fs.readdirSync(path.join(root, place)).flatMap((name) => listFiles(`${place}/${name}`)) : [place];
}
