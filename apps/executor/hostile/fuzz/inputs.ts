import fc from 'fast-check';

/** Text as nobody expects it: any script, lone surrogates, control characters, and words that mean something somewhere. */
const text = fc.oneof(
  { weight: 4, arbitrary: fc.string({ maxLength: 60, unit: 'binary' }) },
  { weight: 2, arbitrary: fc.string({ maxLength: 30 }) },
  { weight: 2, arbitrary: fc.constantFrom('\uD800', '\uDC00\uD800', 'a\u0000b', '\u202E', '\uFEFF', '__proto__', 'constructor', 'NaN', 'Infinity', '-0', '1e999', '0x7f', '{{secret}}', '${process.env}', '</script>', "'; DROP TABLE x; --", '../../etc/passwd', 'http://127.0.0.1/', 'file:///etc/passwd') },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom('a', '(', '[', '\u{1F30D}', '9', '-', '!', '\n', '"', '\\'), fc.constantFrom(100, 3999, 4001, 60_000)).map(([unit, times]) => unit.repeat(times)) },
);

const number = fc.oneof(fc.integer(), fc.double(), fc.constantFrom(0, -0, 1e308, 5e-324, 2 ** 53 + 1, -1, 1.5));
/** Numbers that JSON has no word for become null, as they would on the bus. */
const anything = fc.oneof(fc.jsonValue({ maxDepth: 4 }), text, number.map((value) => (Number.isFinite(value) ? value : null)));

const key = fc.oneof(fc.constantFrom('__proto__', 'constructor', 'prototype', 'toString', 'length', 'expression', 'query', 'url', 'text', 'code', 'data', ''), fc.string({ maxLength: 8, unit: 'binary' }));
const odd = fc.oneof(fc.dictionary(key, anything, { maxKeys: 5 }), fc.array(anything, { maxLength: 5 }), anything);

const operator = fc.constantFrom('+', '-', '*', '/', '%', '^', '!', '(', ')', ',', ' ', 'sqrt(', 'max(', 'round(', '1e9', '0', '.5', '99999999999', 'pi');
const expression = fc.array(operator, { maxLength: 30 }).map((parts) => parts.join(''));
const query = fc.array(fc.constantFrom('a', '[*]', '.', '[?', ']', '@', '|', '`1`', "'x'", '{', '}', ':', ',', 'length(', 'sort_by(', ')', '&', '==', '||', '"'), { maxLength: 20 }).map((parts) => parts.join(''));
const script = fc.oneof(
  text,
  fc.array(fc.constantFrom('let a = [];', 'a.push(', '{', '}', '(', ')', ';', 'for (;;)', 'throw ', 'await ', 'new Proxy({}, {})', 'globalThis', '.__proto__', '.constructor', '("return this")()', 'JSON.parse("[".repeat(1e5))', '"x".repeat(1e6)', 'Symbol()', '10n ** 1000n', 'files.list().map(files.read)', 'files.write("a", new Uint8Array(1e6))', 'files.write("a", "\\ud800")', 'files.readBytes("b.bin")', 'input', 'tool("calculator", {})', 'class A {}', '`${', '/(a+)+$/'), { maxLength: 12 }).map((parts) => parts.join(' ')),
);

const python = fc.oneof(
  text,
  fc.array(fc.constantFrom('a = []\n', 'a.append(a)\n', 'while True: pass\n', 'def f(): return f()\n', 'f()\n', 'import os\n', 'import js\n', 'open("/etc/passwd")\n', 'f = open("a.txt", "r+b")\n', 'f.seek(10**9)\n', 'f.seek(-5)\n', 'f.truncate(10**9)\n', 'f.write("x")\n', 'f.read(-3)\n', 'f.readinto(bytearray(3))\n', 'import pathlib\n', 'import helper\n', 'import os\nos.umount("/")\n', '"x" * 10**6\n', '10 ** 1000\n', 'raise Exception("x")\n', 'class A: pass\n', 'input', '    1\n', 'print("a")\n', 'eval("1+1")\n', '__import__("sys").exit()\n'), { maxLength: 10 }).map((parts) => parts.join('')),
);
const table = fc.array(fc.array(fc.oneof(fc.constantFrom('1', '-2.5', '', '"', '"a""b"', 'NaN', '__proto__', '=cmd|x'), fc.string({ maxLength: 6, unit: 'binary' })), { maxLength: 4 }), { maxLength: 6 }).map((rows) => `a,b,c\n${rows.map((row) => row.join(',')).join('\n')}`);
const column = fc.constantFrom('a', 'b', 'z', '__proto__', '');
const selection = fc.array(fc.oneof(column, fc.record({ column, fn: fc.constantFrom('count', 'sum', 'avg', 'min', 'max', 'eval') })), { minLength: 1, maxLength: 3 });

const content = fc.oneof(text, fc.record({ base64: fc.oneof(fc.base64String({ maxLength: 40 }), text) }));
const files = fc.dictionary(fc.oneof(fc.constantFrom('a.txt', 'b.bin', 'helper.py', '..', '../x', '/etc/passwd', ''), fc.string({ maxLength: 8, unit: 'binary' })), content, { maxKeys: 4 });

/** The fields a tool asks for, with such values in them, so that the input gets past its schema to the tool itself. */
const FITTING: Record<string, fc.Arbitrary<unknown>> = {
  calculator: fc.record({ expression: fc.oneof(expression, text) }),
  code_javascript: fc.record({ code: script, input: anything, files, timeoutMs: fc.integer({ min: 1, max: 300 }) }, { requiredKeys: ['code'] }),
  code_python: fc.record({ code: python, input: anything, files, timeoutMs: fc.integer({ min: 1, max: 300 }) }, { requiredKeys: ['code'] }),
  csv_query: fc.record({ csv: fc.oneof(table, text), query: fc.oneof(fc.record({ select: selection }), odd) }),
  docs_search: fc.record({ query: text, limit: fc.integer({ min: -1, max: 60 }), mode: fc.constantFrom('words', 'meaning', 'both', 'none') }, { requiredKeys: ['query'] }),
  json_query: fc.record({ expression: fc.oneof(query, text), data: anything }),
  memory_forget: fc.record({ ids: fc.array(text, { maxLength: 3 }), filter: fc.record({ user: text }), all: fc.constant(true), collection: text }, { requiredKeys: [] }),
  memory_recall: fc.record({ query: text, limit: fc.integer({ min: -1, max: 60 }), minScore: fc.double(), collection: text }, { requiredKeys: ['query'] }),
  memory_write: fc.record({ entries: fc.array(fc.record({ text, id: text, metadata: anything, expiresInMs: fc.integer() }, { requiredKeys: ['text'] }), { maxLength: 3 }), collection: text }, { requiredKeys: ['entries'] }),
  save_files: fc.record({ files }),
  text_stats: fc.record({ text }),
  web_fetch: fc.record({ url: text }),
  web_research: fc.record({ query: text, maxSources: fc.integer({ min: -1, max: 9 }) }, { requiredKeys: ['query'] }),
  web_search: fc.record({ query: text, limit: fc.integer({ min: -1, max: 60 }) }, { requiredKeys: ['query'] }),
};

const depth = fc.constantFrom(10, 79, 80, 99, 100, 101, 1000, 200_000);
const deep = fc.tuple(depth, fc.constantFrom('[', '{"a":')).map(([levels, open]) => `${open.repeat(levels)}1${(open === '[' ? ']' : '}').repeat(levels)}`);
const broken = fc.tuple(fc.json({ maxDepth: 3 }), fc.nat(40), fc.constantFrom('NaN', 'Infinity', 'undefined', '01', '1.', '"', '\\u005f_proto__', '{"__proto__":1}', '\u0000', ',', '')).map(([whole, at, more]) => whole.slice(0, at) + more + whole.slice(at));

/** The text of an input for a tool: fitting, odd, too deep, or no JSON at all. */
export const inputFor = (tool: string): fc.Arbitrary<string> => fc.oneof(
  { weight: 6, arbitrary: (FITTING[tool] ?? odd).map((value) => JSON.stringify(value) ?? 'null') },
  { weight: 2, arbitrary: odd.map((value) => JSON.stringify(value) ?? 'null') },
  { weight: 1, arbitrary: deep },
  { weight: 1, arbitrary: broken },
);

/** Every tool this knows to write fitting inputs for. */
export const FUZZED_TOOLS = Object.keys(FITTING);
