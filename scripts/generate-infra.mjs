/** Writes infra/nats/nats.conf and infra/redis/start.sh from the launcher's table of rights; needs a build. Part of `npm run generate`. */
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './stages.mjs';

const { sharedNatsConfig, sharedRedisStart } = await import(pathToFileURL(path.join(root, 'apps/cli/dist/index.js')).href);
write('infra/nats/nats.conf', sharedNatsConfig(), 0o644);
write('infra/redis/start.sh', sharedRedisStart(), 0o755);

function write(file, text, mode) {
  const full = path.join(root, file);
  fs.mkdirSync(path.dirname(full), { recursive: true });
  fs.writeFileSync(full, text, { mode });
  fs.chmodSync(full, mode);
}
