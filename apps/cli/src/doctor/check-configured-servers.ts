import { LauncherError } from '../launcher/launcher-error.js';
import { checkNats } from './check-nats.js';
import { checkRedis } from './check-redis.js';
import type { Examination, Problem } from './examine.js';

/**
 * Looks at the servers that TRIVET_NATS_URL and TRIVET_REDIS_URL name, before services start that could only fail on them
 * again and again.
 * @throws LauncherError with doctor's line for each that cannot be used
 */
export async function refuseUnusableServers(examination: Examination): Promise<void> {
  const { natsUrl, redisUrl } = examination.config;
  const findings = await Promise.all([natsUrl ? checkNats(examination) : [], redisUrl ? checkRedis(examination) : []]);
  const problems = findings.flat().filter((finding): finding is Problem => 'what' in finding);
  if (problems.length > 0) throw new LauncherError(problems.map(({ what, mend }) => `${what} Mend: ${mend}`).join('\n'));
}
