import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { findBoundaryViolations } from './boundaries/check.mjs';

interface Violation {
  file: string;
  line: number;
  message: string;
}

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'trivet-boundaries-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function check(file: string, text: string): string[] {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text);
  const violations: Violation[] = findBoundaryViolations(root);
  return violations.map((violation) => `${violation.file}:${violation.line} ${violation.message}`);
}

const importing = (specifier: string): string => `// why\nimport { x } from '${specifier}';\n`;

describe('a planted violation is found', () => {
  it.each<[string, string, string, RegExp]>([
    ['contracts that import a library', 'contracts/src/a.ts', importing('ioredis'), /a\.ts:2 .*zod only/],
    ['contracts that import Node', 'contracts/src/a.ts', importing('node:fs'), /zod only/],
    ['a library that imports a library', 'libs/bus/src/a.ts', importing('@trivet/state'), /contracts only/],
    ['a library that imports an app', 'libs/bus/src/a.ts', importing('@trivet/cli'), /contracts only/],
    ['an app that imports an app', 'apps/model/src/a.ts', importing('@trivet/executor'), /imports no app/],
    ['production code that imports the library of tests', 'apps/model/src/a.ts', importing('@trivet/testing'), /tests only/],
    ['a path out of the package', 'apps/model/src/a.ts', importing('../../executor/src/b.js'), /out of apps\/model/],
    ['NATS outside the bus', 'apps/model/src/a.ts', importing('@nats-io/jetstream'), /only libs\/bus/],
    ['ioredis outside the state', 'apps/orchestrator/src/a.ts', importing('ioredis'), /only libs\/state/],
    ['the OpenTelemetry SDK outside telemetry', 'libs/bus/src/a.ts', importing('@opentelemetry/sdk-trace-node'), /only libs\/telemetry/],
    ['Extism outside the executor', 'apps/orchestrator/src/a.ts', importing('@extism/extism'), /only apps\/executor/],
    ["a vendor's SDK outside the model tier", 'apps/executor/src/a.ts', importing('@langchain/core/messages'), /only apps\/model/],
    ['React outside the dashboard', 'apps/cli/src/a.ts', importing('react'), /only apps\/dashboard/],
    ['a dynamic import', 'apps/executor/src/a.ts', "export const load = () => import('openai');\n", /only apps\/model/],
    ['a re-export', 'apps/executor/src/a.ts', "export { x } from 'openai/resources';\n", /only apps\/model/],
    ['a side-effect import', 'apps/executor/src/a.ts', "import 'ioredis';\n", /only libs\/state/],
    ['a forbidden folder', 'apps/model/src/utils/a.ts', 'export const x = 1;\n', /called 'utils'/],
    ['a camelCase file', 'apps/model/src/someThing.ts', 'export const x = 1;\n', /kebab-case/],
    ['an unknown suffix', 'apps/model/src/thing.service.ts', 'export const x = 1;\n', /suffix '\.service'/],
    ['a file that is too long', 'apps/model/src/a.ts', 'export {};\n'.repeat(401), /401 lines/],
    ['process.env in the middle', 'apps/model/src/routing/a.ts', 'export const x = process.env;\n', /process\.env/],
    ['process.env in a library', 'libs/bus/src/a.ts', 'export const x = process.env.PATH;\n', /process\.env/],
    ['a default export', 'libs/bus/src/a.ts', 'export default 1;\n', /export default/],
    ['a star export', 'libs/bus/src/index.ts', "export * from './a.js';\n", /export \*/],
    ['any as a type', 'libs/bus/src/a.ts', 'export const f = (x: any) => x;\n', /any/],
    ['any as an assertion', 'libs/bus/src/a.ts', 'export const f = (x: unknown) => x as any;\n', /any/],
    ['any as an argument', 'libs/bus/src/a.ts', 'export const f: Map<string, any> = new Map();\n', /any/],
    ['any inside a template', 'libs/bus/src/a.ts', 'export const f = (x: unknown) => `a ${(x as any).b} c`;\n', /any/],
    ['an enum', 'libs/bus/src/a.ts', 'export enum Colour { Red }\n', /enum/],
    ['a clock in the pure part', 'apps/orchestrator/src/workflow/a.ts', 'export const at = Date.now();\n', /reads a clock/],
    ['a new date in the pure part', 'apps/orchestrator/src/workflow/steps/a.ts', 'export const at = new Date();\n', /reads a clock/],
    ['randomness in the pure part', 'apps/orchestrator/src/workflow/a.ts', 'export const at = Math.random();\n', /is random/],
    ['a timer in the pure part', 'apps/orchestrator/src/workflow/a.ts', 'setTimeout(f, 1);\n', /sets a timer/],
    ['I/O in the pure part', 'apps/orchestrator/src/workflow/a.ts', "fetch('http://x');\n", /does I\/O/],
    ['a Node module in the pure part', 'apps/orchestrator/src/workflow/a.ts', importing('node:fs'), /is pure, but imports node:fs/],
    ['random ids in the pure part', 'apps/orchestrator/src/workflow/a.ts', "import { randomUUID } from 'node:crypto';\n", /is random/],
    ['the bus in the pure part', 'apps/orchestrator/src/workflow/a.ts', importing('@trivet/bus'), /is pure, but imports/],
    ['the shell in the pure part', 'apps/orchestrator/src/workflow/a.ts', importing('../runner/runner.js'), /from outside/],
  ])('%s', (_what, file, text, expected) => {
    const found = check(file, text);
    expect(found.join('\n')).toMatch(expected);
    expect(found[0]).toContain(file);
  });
});

describe('what is allowed is not reported', () => {
  it.each<[string, string, string]>([
    ['a library that imports the contracts', 'libs/bus/src/a.ts', importing('@trivet/contracts')],
    ['an app that imports a library', 'apps/model/src/a.ts', importing('@trivet/bus')],
    ['the OpenTelemetry API anywhere', 'libs/bus/src/a.ts', importing('@opentelemetry/api')],
    ['the single-process shape that imports apps', 'apps/one/src/main.ts', importing('@trivet/executor')],
    ['a test that reaches further', 'apps/model/src/a.int.spec.ts', importing('ioredis') + importing('@trivet/testing') + importing('../../../libs/state/src/a.js')],
    ['the test of a configuration', 'apps/model/src/model.config.spec.ts', 'export const x = 1;\n'],
    ['the library of tests that reaches further', 'libs/testing/src/a.ts', importing('@trivet/cli')],
    ["the tool kit's local runner", 'libs/tool-sdk/src/run.ts', importing('@extism/extism')],
    ['the entry that reads the environment', 'apps/model/src/main.ts', 'export const x = process.env;\n'],
    ['the launcher that hands it on', 'apps/cli/src/launcher/a.ts', 'export const x = process.env;\n'],
    ['words in comments and strings', 'libs/bus/src/a.ts', "// process.env, as any, export default\nexport const x = 'process.env: any';\n/* export * */\nexport const y = `import { z } from 'ioredis' : any`;\n"],
    ['a quote inside a regular expression', 'libs/bus/src/a.ts', "export const x = /['\"`]/;\nexport const y = 'any';\n"],
    ['a date made of a value, in the pure part', 'apps/orchestrator/src/workflow/a.ts', 'export const at = (ms: number) => new Date(ms).toISOString();\n'],
    ['names that begin with any', 'libs/bus/src/a.ts', 'export const f = (anything: string, any_: number): string => anything;\n'],
    ['a configuration with a default export', 'apps/dashboard/vite.config.ts', 'export default {};\n'],
  ])('%s', (_what, file, text) => {
    expect(check(file, text)).toEqual([]);
  });
});

describe('this repository', () => {
  it('breaks no rule', () => {
    expect(findBoundaryViolations(resolve('.'))).toEqual([]);
  });
});
