/** Writes nats.conf and Redis' start.sh, for containers and for a cluster (kustomize reads nothing outside its folder), from the launcher's table of rights; needs a build. Part of `npm run generate`. */
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './stages.mjs';

const { sharedNatsConfig, sharedRedisStart } = await import(pathToFileURL(path.join(root, 'apps/cli/dist/index.js')).href);
for (const folder of ['infra', 'infra/k8s/components']) {
  write(`${folder}/nats/nats.conf`, sharedNatsConfig(), 0o644);
  write(`${folder}/redis/start.sh`, sharedRedisStart(), 0o755);
}

function write(file, text, mode) {
  const full = path.join(root, file);
  fs.mkdirSync(path.dirname(full), { recursive: true });
  fs.writeFileSync(full, text, { mode });
  fs.chmodSync(full, mode);
}
