#!/usr/bin/env node
/**
 * Asks the service on this machine whether it is ready and exits 0 or 1; the health check of containers, whose images
 * have no curl. The port is TRIVET_ADMIN_PORT; `--live` asks only whether the process answers at all.
 */
const LIMIT_MS = 2_000;
const path = process.argv.includes('--live') ? '/livez' : '/readyz?verbose';
const port = process.env.TRIVET_ADMIN_PORT || '8081';

try {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(LIMIT_MS) });
  const { phase, checks = [] } = await response.json();
  const failing = checks.filter((check) => check.critical && !check.ok).map((check) => `${check.name}: ${check.detail}`);
  console.log(response.ok ? 'ready' : [`not ready (${phase})`, ...failing].join('\n  '));
  process.exitCode = response.ok ? 0 : 1;
} catch (error) {
  console.error(`No answer from http://127.0.0.1:${port}${path} within ${LIMIT_MS} ms (${error.cause?.code ?? error.name}).`);
  process.exitCode = 1;
}
