import fc from 'fast-check';

/** One thing that taken-over.cjs does. */
export type Deed = { do: 'write' | 'drip' | 'frame' | 'flood' | 'pair' | 'ask' | 'done' | 'later' | 'complain' | 'spin' | 'exit' | 'abort' } & { [field: string]: string | number };

const hex = (bytes: fc.Arbitrary<Uint8Array>): fc.Arbitrary<string> => bytes.map((each) => Buffer.from(each).toString('hex'));
const someBytes = hex(fc.uint8Array({ maxLength: 300 }));

const type = fc.oneof(fc.constantFrom(10, 11, 12, 13), fc.nat(255));
const hostName = fc.constantFrom('http', 'model', 'log', 'progress', 'files', 'tool', 'kv', 'memory', 'exec', '__proto__', '');
const number = fc.oneof(fc.constantFrom('0', '-1', '1e308', '1e999', 'null', '"1"', '[]', '{}'), fc.double({ noNaN: true }).map(String));
const code = fc.constantFrom('tool_failed', 'tool_trapped', 'tool_refused', 'internal', 'budget_exceeded', 'unavailable', '__proto__', 'toString', '');
const detail = fc.constantFrom('{}', 'null', '[]', '"text"', '{"a":{"b":{}}}', '{"__proto__":{"admin":true}}', '{"limit":1}', `{"long":"${'y'.repeat(3000)}"}`);

const failureText = fc.oneof(
  fc.constant('null'),
  fc.constantFrom('true', '1', '"x"', '[]', '{}'),
  fc.tuple(code, fc.string({ maxLength: 20 }), detail).map(([each, message, more]) => `{"code":${JSON.stringify(each)},"message":${JSON.stringify(message)},"detail":${more},"hostCode":"x"}`),
  fc.tuple(code, detail).map(([each, more]) => `{"code":${JSON.stringify(each)},"message":7,"detail":${more}}`),
);
const doneHeader = fc.tuple(failureText, number, number, number).map(([failure, wall, cpu, peak]) => `{"failure":${failure},"wallMs":${wall},"cpuMs":${cpu},"peakMemoryBytes":${peak}}`);
const headerText = fc.oneof(doneHeader, hostName.map((name) => JSON.stringify({ name })), fc.json({ maxDepth: 3 }), fc.constantFrom('', '{', 'null', '[[[[[[', '{"name":{}}', '{"__proto__":null}', '\u0000'));
const payload = fc.oneof(fc.json({ maxDepth: 3 }), fc.constantFrom('', '{', '"', '{"__proto__":{"admin":true}}', '[[[[[[[[', '\u0000', '{"op":"list"}', '{"op":"read","name":"/etc/passwd"}'), fc.string({ maxLength: 50, unit: 'binary' }));

/** A length that lies, and whatever follows it. */
const lyingFrame = fc.tuple(fc.oneof(fc.nat(64), fc.constantFrom(0, 4, 5, 20 * 1_048_576, 20 * 1_048_576 + 1, 0x7fff_ffff, 0xffff_ffff), fc.nat(0xffff_ffff)), someBytes).map(([length, rest]) => {
  const head = Buffer.alloc(4);
  head.writeUInt32LE(length, 0);
  return head.toString('hex') + rest;
});

const deed: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ do: fc.constant('write' as const), hex: fc.oneof(someBytes, lyingFrame) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('drip' as const), hex: fc.oneof(someBytes, lyingFrame) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('frame' as const), type, header: headerText, payload, repeat: fc.constantFrom(1, 1, 1, 1, 2, 100_000) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('flood' as const), type, header: headerText, payload, times: fc.nat(500) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('pair' as const), header: doneHeader, payload, rest: someBytes }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('ask' as const), name: hostName, payload, times: fc.nat(8) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('done' as const), payload }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('complain' as const), text: fc.constantFrom('out of memory', 'x'.repeat(5000), '\u0000'), times: fc.nat(50) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('exit' as const), code: fc.nat(255) }) },
);

/** What a slot that has been taken over may do in one call. */
export const attackOnPipe: fc.Arbitrary<Deed[]> = fc.array(deed, { minLength: 1, maxLength: 4 });
