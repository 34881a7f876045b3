import { WasmFormatError, WasmReader, concatBytes, unsignedLeb } from '@trivet/tool-sdk';
import { ADMISSION_LIMITS, type AdmissionFinding } from './rules.js';

const HAS_MAXIMUM = 1;
const FUNCREF = 0x70;
const EXTERNREF = 0x6f;

/** Rewrites the memory section so that no memory grows beyond the manifest, whatever the module says. */
export function capMemories(body: Uint8Array, maxPages: number, findings: AdmissionFinding[]): Uint8Array {
  const reader = new WasmReader(body);
  const count = reader.u32();
  if (count > 1) {
    findings.push({ rule: 'memory', message: `it has ${count} memories; the limit is 1`, value: count, limit: 1 });
    return body;
  }
  const parts: Uint8Array[] = [Uint8Array.from(unsignedLeb(count))];
  for (let index = 0; index < count; index += 1) parts.push(capLimits(reader, maxPages, 'memory', 'pages of 64 KiB', findings));
  return concatBytes(parts);
}

export function capTables(body: Uint8Array, findings: AdmissionFinding[]): Uint8Array {
  const reader = new WasmReader(body);
  const count = reader.u32();
  const { tables, tableEntries } = ADMISSION_LIMITS;
  if (count > tables) {
    findings.push({ rule: 'table', message: `it has ${count} tables; the limit is ${tables}`, value: count, limit: tables });
    return body;
  }
  const parts: Uint8Array[] = [Uint8Array.from(unsignedLeb(count))];
  for (let index = 0; index < count; index += 1) {
    const type = reader.byte();
    if (type !== FUNCREF && type !== EXTERNREF) throw new WasmFormatError(`table ${index} has the element type ${type}; only funcref and externref are known`);
    parts.push(Uint8Array.of(type), capLimits(reader, tableEntries, 'table', 'entries', findings));
  }
  return concatBytes(parts);
}

function capLimits(reader: WasmReader, cap: number, rule: 'memory' | 'table', unit: string, findings: AdmissionFinding[]): Uint8Array {
  const flags = reader.byte();
  if (flags > HAS_MAXIMUM) throw new WasmFormatError(`a ${rule} has the flags ${flags}: shared, 64-bit and odd page sizes are not admitted`);
  const minimum = reader.u32();
  const maximum = flags === HAS_MAXIMUM ? reader.u32() : cap;
  if (minimum > cap) findings.push({ rule, message: `its ${rule} begins with ${minimum} ${unit}; the limit is ${cap}`, value: minimum, limit: cap });
  return Uint8Array.of(HAS_MAXIMUM, ...unsignedLeb(Math.min(minimum, cap)), ...unsignedLeb(Math.max(Math.min(minimum, cap), Math.min(maximum, cap))));
}
