/** Who may import whom, and what each kind of file may hold: the tables. Every exception stands here by name. */

/** One home for each technology: a package is importable only from there (tests and `libs/testing` reach further). */
export const HOMES = [
  { packages: /^@nats-io\//, homes: ['libs/bus', 'libs/client'] },
  { packages: /^ioredis$/, homes: ['libs/state'] },
  { packages: /^@opentelemetry\/(?!api$)/, homes: ['libs/telemetry'] },
  { packages: /^@extism\/extism$/, homes: ['apps/executor', 'libs/tool-sdk'] },
  { packages: /^(openai|@anthropic-ai\/sdk|langchain|@langchain\/.+|@google\/genai)(\/|$)/, homes: ['apps/model'] },
  { packages: /^(react|react-dom|@tanstack\/.+)(\/|$)/, homes: ['apps/dashboard'] },
];

/** The contracts are the language everyone speaks: they depend on nothing but their schema library. */
export const CONTRACTS_MAY_IMPORT = /^zod(\/|$)/;

/** Apps that exist to put others together. */
export const APPS_THAT_IMPORT_APPS = ['apps/one', 'apps/e2e'];

/** The one library that reaches further: it starts real servers for everybody's tests, by way of the launcher. */
export const LIBRARY_OF_TESTS = 'libs/testing';

export const FORBIDDEN_FOLDERS = ['utils', 'util', 'common', 'shared', 'core', 'helpers', 'types', 'interfaces', 'dto', 'entities'];

/** Beside these, a source file's name is kebab-case and nothing else. `lua`: a script as text; `as`: AssemblyScript; `d`: types of something untyped. */
export const SUFFIXES = ['module', 'config', 'handler', 'controller', 'config.spec', 'handler.spec', 'controller.spec', 'spec', 'int.spec', 'hostile.spec', 'replay.spec', 'e2e', 'lua', 'as', 'd'];

export const LONGEST_FILE = 400;

/** Where the environment may be read: an app's entry and its configuration, tests, the launcher that hands it on, and the sandbox's probe, which proves that there is none. */
export const MAY_READ_ENVIRONMENT = [/\/main\.ts$/, /\.config\.(ts|mjs)$/, /\/config\//, /^libs\/testing\//, /\/(fixtures|testing)\//, /^apps\/executor\/src\/sandbox\/slot\/probe\.ts$/, /^apps\/e2e\//, /^apps\/cli\/src\/launcher\//, /\.(spec|e2e)\.tsx?$/, /^(scripts|bin|bench)\//];

/** The pure part: the same input gives the same output, in every process and after every crash. */
export const PURE_FOLDER = 'apps/orchestrator/src/workflow/';
export const IMPURE = [
  { pattern: /\bDate\.now\b|\bnew Date\(\s*\)|\bperformance\.now\b/, what: 'reads a clock' },
  { pattern: /\bMath\.random\b|\brandom(UUID|Bytes|Int)\b/, what: 'is random' },
  { pattern: /\b(setTimeout|setInterval|setImmediate|queueMicrotask)\s*\(/, what: 'sets a timer' },
  { pattern: /\bfetch\s*\(|\bprocess\.|\bconsole\./, what: 'does I/O' },
  { pattern: /\bawait\b|\basync\b/, what: 'is asynchronous' },
];
/** What the pure part may import besides its own files. A hash is a function of its input; what is random in node:crypto is caught above. */
export const PURE_MAY_IMPORT = /^(@trivet\/contracts|jmespath|zod|node:crypto)(\/|$)/;

/** In code (not in comments or strings). */
export const BANNED_CODE = [
  { pattern: /\bexport\s+default\b/, what: 'export default; name what you export', except: /\.(config\.(ts|mjs)|d\.ts)$/ },
  { pattern: /\bexport\s*\*/, what: 'export *; list the names' },
  { pattern: /(:|\bas|<|,|\|)\s*any\b(?!\s*[:(])/, what: 'any; say what it is, or unknown' },
  { pattern: /\b(const\s+)?enum\s+[A-Z]\w*\s*\{/, what: 'enum; use a tuple `as const`' },
  { pattern: /\bforwardRef\s*\(|@Global\s*\(/, what: 'Nest ceremony (forwardRef, @Global)' },
  { pattern: /\bclass\s+\w*(Manager|Helper|Util|Utils|Impl|Base)\b/, what: 'a class name that says nothing (Manager, Helper, Util, Impl, Base)' },
  { pattern: /\binterface\s+I[A-Z][a-z]/, what: 'an I-prefix' },
];
