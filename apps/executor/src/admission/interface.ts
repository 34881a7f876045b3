import { WasmFormatError, WasmReader } from '@trivet/tool-sdk';
import { HOST_FUNCTIONS } from '../sandbox/slot/messages.js';
import { ADMISSION_LIMITS, EXTISM_MODULE, TRIVET_MODULE, shown, type AdmissionFinding } from './rules.js';

const KIND_NAMES = ['function', 'table', 'memory', 'global', 'tag'] as const;
const FUNCTION = 0;

/** Every import must be a function that the host provides: no WASI, no shared memory, nothing unknown. */
export function checkImports(body: Uint8Array, findings: AdmissionFinding[]): void {
  const reader = new WasmReader(body);
  const count = reader.u32();
  if (isOverLimit('import', count, ADMISSION_LIMITS.imports, findings)) return;
  for (let index = 0; index < count; index += 1) {
    const name = `${reader.name()}.${reader.name()}`;
    const kind = reader.byte();
    skipDescription(reader, kind);
    if (kind !== FUNCTION) findings.push({ rule: 'import', message: `it imports the ${KIND_NAMES[kind] ?? 'unknown'} ${shown(name)}; only functions may be imported`, value: shown(name), limit: 'functions' });
    else if (!ALLOWED.has(name)) findings.push({ rule: 'import', message: `it imports ${shown(name)}, which is not on the list of host functions${hint(name)}`, value: shown(name), limit: `${EXTISM_MODULE}.*, ${TRIVET_MODULE}.{${HOST_FUNCTIONS.join(',')}}` });
  }
}

const ALLOWED = new Set<string>([
  ...ADMISSION_LIMITS.extismFunctions.map((name) => `${EXTISM_MODULE}.${name}`),
  ...HOST_FUNCTIONS.map((name) => `${TRIVET_MODULE}.${name}`),
]);

const hint = (name: string): string => (name.startsWith('wasi') ? ' (build it without WASI)' : '');

function skipDescription(reader: WasmReader, kind: number): void {
  if (kind === 0) reader.u32();
  else if (kind === 1) {
    reader.byte();
    skipLimits(reader);
  } else if (kind === 2) skipLimits(reader);
  else if (kind === 3) reader.take(2);
  else throw new WasmFormatError(`an import has the unknown kind ${kind}`);
}

function skipLimits(reader: WasmReader): void {
  const flags = reader.byte();
  if (flags > 1) throw new WasmFormatError(`an imported memory or table has the flags ${flags} (shared or 64-bit)`);
  reader.u32();
  if (flags === 1) reader.u32();
}

/** Too many are not even read. */
function isOverLimit(rule: 'import' | 'exports', count: number, limit: number, findings: AdmissionFinding[]): boolean {
  if (count > limit) findings.push({ rule, message: `it has ${count} ${rule === 'import' ? 'imports' : 'exports'}; the limit is ${limit}`, value: count, limit });
  return count > limit;
}

export function checkEntry(body: Uint8Array, entry: string, findings: AdmissionFinding[]): void {
  const reader = new WasmReader(body);
  const count = reader.u32();
  if (isOverLimit('exports', count, ADMISSION_LIMITS.exports, findings)) return;
  const functions: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const name = reader.name();
    const kind = reader.byte();
    reader.u32();
    if (kind === FUNCTION) functions.push(name);
  }
  if (functions.includes(entry)) return;
  const exported = functions.slice(0, 10).map(shown).join(', ') || 'none';
  findings.push({ rule: 'entry', message: `it does not export the function ${entry}; it exports ${exported}`, value: exported, limit: entry });
}

export function checkFunctionCount(body: Uint8Array, findings: AdmissionFinding[]): void {
  const count = new WasmReader(body).u32();
  const limit = ADMISSION_LIMITS.functions;
  if (count > limit) findings.push({ rule: 'functions', message: `it has ${count} functions; the limit is ${limit}`, value: count, limit });
}

/** Tags name what WebAssembly's exceptions carry; a plugin may throw and catch within itself. A host function's verdict stands, whoever catches it. */
export function checkTagCount(body: Uint8Array, findings: AdmissionFinding[]): void {
  const count = new WasmReader(body).u32();
  const limit = ADMISSION_LIMITS.tags;
  if (count > limit) findings.push({ rule: 'tags', message: `it has ${count} exception tags; the limit is ${limit}`, value: count, limit });
}
