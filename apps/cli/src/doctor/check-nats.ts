import { existsSync } from 'node:fs';
import { natsPackageFolder } from '../launcher/find-nats.js';
import { probeNats } from '../launcher/probe.js';
import { findOnPath, formatMinimum, formatVersion, isAtLeast, MINIMUM_NATS, readBinaryVersion } from '../launcher/server-version.js';
import { withoutPassword } from './without-password.js';
import type { Examination, Finding } from './examine.js';

const NEEDED = `NATS ${formatMinimum(MINIMUM_NATS)} or newer`;
const MEND = `install ${NEEDED} (brew install nats-server; docker run -d -p 4222:4222 nats:2.14 -js), or set TRIVET_NATS_URL`;

/** The server at TRIVET_NATS_URL when it is set; else the binary that the launcher would start. */
export function checkNats(examination: Examination): Promise<Finding[]> {
  const url = examination.config.natsUrl;
  return url ? checkServers(url.split(',').map((one) => one.trim())) : checkBinary(examination);
}

/** Of several servers one that can be used is enough: clients try them in turn. */
async function checkServers(urls: readonly string[]): Promise<Finding[]> {
  const findings = (await Promise.all(urls.map(checkServer))).flat();
  const found = findings.filter((finding) => 'found' in finding);
  return found.length > 0 ? found : findings;
}

async function checkServer(url: string): Promise<Finding[]> {
  const shown = withoutPassword(url);
  if (/^wss?:/i.test(url)) return [{ found: `NATS at ${shown}, not looked at: it is spoken to over WebSocket` }];
  const facts = await probeNats(url).catch((error: unknown) => String(error instanceof Error ? error.message : error));
  if (typeof facts === 'string') return [{ what: `NATS does not answer at TRIVET_NATS_URL=${shown} (${facts}).`, mend: 'start it, correct the URL, or unset TRIVET_NATS_URL and let the launcher start one' }];
  const version = facts.version ? formatVersion(facts.version) : 'of unknown version';
  if (!facts.version || !isAtLeast(facts.version, MINIMUM_NATS)) return [{ what: `NATS at ${shown} is ${version}, too old: Trivet needs ${NEEDED}.`, mend: 'upgrade it, or unset TRIVET_NATS_URL and let the launcher start one' }];
  if (!facts.jetstream) return [{ what: `NATS ${version} at ${shown} runs without JetStream.`, mend: 'start it with -js, or with a jetstream block in its configuration' }];
  return [{ found: `NATS ${version} at ${shown}` }];
}

/** A missing or old binary is a problem only when the launcher cannot fetch one. */
async function checkBinary({ environment, cacheDir, config, offline }: Examination): Promise<Finding[]> {
  const seen = findOnPath('nats-server', environment['PATH'] ?? '').map((binary) => ({ binary, version: readBinaryVersion(binary) }));
  const good = seen.find(({ version }) => version && isAtLeast(version, MINIMUM_NATS));
  if (good?.version) return [{ found: `NATS: ${good.binary} ${formatVersion(good.version)}` }];
  const fetched = natsPackageFolder(cacheDir);
  if (fetched && existsSync(fetched)) return [{ found: 'NATS: fetched before, in the cache folder' }];
  if (fetched && !offline && !config.noInstall) return [{ found: 'NATS: will be fetched with npm at the first start' }];
  const old = seen.find(({ version }) => version);
  const what = old?.version ? `${old.binary} is ${formatVersion(old.version)}, too old: Trivet needs ${NEEDED}` : `NATS is absent: no nats-server on PATH, and Trivet needs ${NEEDED}`;
  return [{ what: `${what}${fetched ? ' (fetching one is switched off)' : ' (no package is pinned for this platform)'}.`, mend: fetched && config.noInstall ? `unset TRIVET_NO_INSTALL, or ${MEND}` : MEND }];
}
