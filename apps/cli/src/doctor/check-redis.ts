import { embeddedRedisEntry } from '../launcher/embedded-redis.js';
import { probeRedis } from '../launcher/probe.js';
import { findOnPath, formatVersion, isAtLeast, MINIMUM_REDIS, readBinaryVersion } from '../launcher/server-version.js';
import { withoutPassword } from './without-password.js';
import type { Examination, Finding } from './examine.js';

const MEND = 'install it (apt-get install redis-server; brew install redis; docker run -d -p 6379:6379 redis:8 --appendonly yes --appendfsync always), or set TRIVET_REDIS_URL';

/** The server at TRIVET_REDIS_URL when it is set; else the binary that the launcher would start. */
export function checkRedis(examination: Examination): Promise<Finding[]> {
  const url = examination.config.redisUrl;
  return url ? checkServer(url, examination.config.durability) : checkBinary(examination);
}

async function checkServer(url: string, durability: 'strict' | 'relaxed'): Promise<Finding[]> {
  const shown = withoutPassword(url);
  const facts = await probeRedis(url).catch((error: unknown) => String(error instanceof Error ? error.message : error));
  if (typeof facts === 'string') return [{ what: `Redis does not answer at TRIVET_REDIS_URL=${shown} (${facts}).`, mend: 'start it, correct the URL or its password, or unset TRIVET_REDIS_URL and let the launcher start one' }];
  const findings: Finding[] = [];
  if (facts.version && !isAtLeast(facts.version, MINIMUM_REDIS)) findings.push({ what: `Redis at ${shown} is ${formatVersion(facts.version)}, too old: Trivet needs Redis 7 or newer, or Valkey.`, mend: 'upgrade it, or unset TRIVET_REDIS_URL and let the launcher start one' });
  if (durability === 'strict' && facts.appendFsync !== undefined && facts.appendFsync !== 'always') {
    const setting = facts.appendFsync === 'off' ? 'appendonly no' : `appendfsync ${facts.appendFsync}`;
    const cure = facts.appendFsync === 'off' ? 'CONFIG SET appendonly yes and CONFIG SET appendfsync always' : 'CONFIG SET appendfsync always';
    findings.push({ what: `Redis at ${shown} runs with ${setting}: a crash loses accepted work.`, mend: `redis-cli -u ${shown} ${cure} (and in its redis.conf), or accept the loss with TRIVET_DURABILITY=relaxed` });
  }
  return findings.length > 0 ? findings : [{ found: `Redis ${facts.version ? formatVersion(facts.version) : ''} at ${shown}` }];
}

/** A missing binary is a problem only when the launcher can neither install nor fetch anything. */
async function checkBinary({ environment, cacheDir, config, offline }: Examination): Promise<Finding[]> {
  const seen = ['redis-server', 'valkey-server'].flatMap((name) => findOnPath(name, environment['PATH'] ?? '')).map((binary) => ({ binary, version: readBinaryVersion(binary) }));
  const good = seen.find(({ version }) => version && isAtLeast(version, MINIMUM_REDIS));
  if (good?.version) return [{ found: `Redis: ${good.binary} ${formatVersion(good.version)}` }];
  if (!offline && !config.noInstall) return [{ found: 'Redis: will be installed with apt-get where that is possible, else the embedded one is fetched (in memory, for trying out)' }];
  if (embeddedRedisEntry(cacheDir)) return [{ found: 'Redis: the embedded one, fetched before (in memory, for trying out)' }];
  const old = seen.find(({ version }) => version);
  const what = old?.version ? `${old.binary} is ${formatVersion(old.version)}, too old: Trivet needs Redis 7 or newer, or Valkey` : 'Redis is absent: neither redis-server nor valkey-server on PATH';
  return [{ what: `${what} (installing one is switched off).`, mend: config.noInstall ? `unset TRIVET_NO_INSTALL, or ${MEND}` : MEND }];
}
