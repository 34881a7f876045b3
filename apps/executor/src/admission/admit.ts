import type { ToolManifest } from '@trivet/contracts';
import { SECTION, WasmFormatError, readSections, writeSections, type WasmSection } from '@trivet/tool-sdk';
import { PAGES_PER_MIB } from '../sandbox/limits.js';
import { checkEntry, checkFunctionCount, checkImports, checkTagCount } from './interface.js';
import { capMemories, capTables } from './memory.js';
import { ADMISSION_LIMITS, type AdmissionFinding } from './rules.js';

export type Admission = { admitted: true; module: Uint8Array } | { admitted: false; findings: AdmissionFinding[] };

export interface AdmissionOptions {
  /** The most memory this executor gives any tool. */
  maxMemoryMib: number;
}

/**
 * Decides whether a module may enter the sandbox, from its bytes alone: nothing is compiled here, so a hostile module
 * costs no more than the reading of it. An admitted module comes back with its memory and tables capped.
 */
export function admit(module: Uint8Array, manifest: ToolManifest, options: AdmissionOptions): Admission {
  const findings: AdmissionFinding[] = [];
  const { memoryMib } = manifest.limits;
  if (memoryMib > options.maxMemoryMib) findings.push({ rule: 'limit', message: `limits.memoryMib is ${memoryMib}; this executor gives a tool at most ${options.maxMemoryMib}`, value: memoryMib, limit: options.maxMemoryMib });
  if (module.length > ADMISSION_LIMITS.moduleBytes) {
    findings.push({ rule: 'size', message: `the module has ${module.length} bytes; the limit is ${ADMISSION_LIMITS.moduleBytes}`, value: module.length, limit: ADMISSION_LIMITS.moduleBytes });
    return { admitted: false, findings };
  }
  try {
    const rewritten = inspect(readSections(module), manifest, findings);
    return findings.length > 0 ? { admitted: false, findings: findings.slice(0, ADMISSION_LIMITS.findings) } : { admitted: true, module: writeSections(rewritten) };
  } catch (error) {
    if (!(error instanceof WasmFormatError)) throw error;
    return { admitted: false, findings: [...findings.slice(0, ADMISSION_LIMITS.findings - 1), { rule: 'format', message: `it is not a WebAssembly module: ${error.message}`, value: error.message, limit: 'core module, version 1' }] };
  }
}

function inspect(sections: WasmSection[], manifest: ToolManifest, findings: AdmissionFinding[]): WasmSection[] {
  const maxPages = manifest.limits.memoryMib * PAGES_PER_MIB;
  const entry = manifest.entry ?? 'run';
  const rewritten = sections.map(({ id, body }) => {
    if (findings.length >= ADMISSION_LIMITS.findings) return { id, body };
    if (id === SECTION.import) checkImports(body, findings);
    else if (id === SECTION.function) checkFunctionCount(body, findings);
    else if (id === SECTION.start) findings.push({ rule: 'start-section', message: 'it has a start section, which would run before the call does', value: 'start', limit: 'none' });
    else if (id === SECTION.tag) checkTagCount(body, findings);
    else if (id > SECTION.tag) findings.push({ rule: 'section', message: `it has a section of the unknown kind ${id}`, value: id, limit: SECTION.tag });
    else if (id === SECTION.memory) return { id, body: capMemories(body, maxPages, findings) };
    else if (id === SECTION.table) return { id, body: capTables(body, findings) };
    return { id, body };
  });
  const memories = sections.filter(({ id }) => id === SECTION.memory).length;
  if (memories > 1) findings.push({ rule: 'memory', message: `it has ${memories} memory sections`, value: memories, limit: 1 });
  checkEntry(sections.find(({ id }) => id === SECTION.export)?.body ?? Uint8Array.of(0), entry, findings);
  return rewritten;
}
