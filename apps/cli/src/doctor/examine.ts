import type { CliConfig, Environment } from '../cli.config.js';
import { checkConfiguration } from './check-configuration.js';
import { checkDataFolder } from './check-data-folder.js';
import { checkHttpPort } from './check-http-port.js';
import { checkModelKeys } from './check-model-keys.js';
import { checkNats } from './check-nats.js';
import { checkNode } from './check-node.js';
import { checkRedis } from './check-redis.js';

/** Something that would keep Trivet from working, and the one thing to do about it. */
export interface Problem {
  what: string;
  mend: string;
}

/** What a check came to: a problem, or what it found. */
export type Finding = Problem | { found: string };

export interface Examination {
  config: CliConfig;
  environment: Environment;
  cacheDir: string;
  nodeVersion: string;
  /** What the launcher would fetch counts as missing. */
  offline: boolean;
}

/** Every check; each looks at one thing and none leaves a change behind. */
export async function examine(examination: Examination): Promise<{ problems: Problem[]; found: string[] }> {
  const checks = [checkNode, checkNats, checkRedis, checkHttpPort, checkModelKeys, checkConfiguration, checkDataFolder];
  const findings = (await Promise.all(checks.map((check) => check(examination)))).flat();
  return {
    problems: findings.filter((finding): finding is Problem => 'what' in finding),
    found: findings.flatMap((finding) => ('found' in finding ? [finding.found] : [])),
  };
}
