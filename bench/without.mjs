import { register } from 'node:module';

/**
 * Loaded before the services of one benchmark, and nowhere else: takes one safeguard out of the built code as it is
 * loaded. BENCH_WITHOUT names it. A safeguard that is not where it was stops the benchmark rather than being measured as gone.
 */
register('./without-hooks.mjs', import.meta.url, { data: process.env.BENCH_WITHOUT });
