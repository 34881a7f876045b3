import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Passwords } from './credentials.js';
import { startLocalServer, type LocalServer } from './local-server.js';
import { natsConfig, type NatsClusterPlace } from './nats-config.js';
import { probeNats } from './probe.js';
import { makeFolder } from './make-folder.js';

export interface NatsServerOptions {
  binary: string;
  /** Holds its configuration, its store and its log. */
  dir: string;
  port?: number;
  /** Absent: no users. */
  passwords?: Passwords;
  /** Absent: it is alone. */
  cluster?: NatsClusterPlace;
}

export function startNatsServer(options: NatsServerOptions): Promise<LocalServer> {
  const configFile = join(options.dir, 'nats.conf');
  makeFolder(options.dir);
  return startLocalServer({
    name: 'NATS',
    wantedPort: options.port,
    logFile: join(options.dir, 'nats.log'),
    prepare: (port) => {
      writeFileSync(configFile, natsConfig({ port, storeDir: join(options.dir, 'jetstream'), passwords: options.passwords, cluster: options.cluster }), { mode: 0o600 });
      return { command: options.binary, args: ['-c', configFile] };
    },
    probe: (port) => probeNats(`nats://127.0.0.1:${port}`),
  });
}
