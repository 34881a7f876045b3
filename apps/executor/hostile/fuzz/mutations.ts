import fc from 'fast-check';
import { concatBytes, readSections, unsignedLeb, writeSections, type WasmSection } from '@trivet/tool-sdk';

/** A change to the bytes of a module; a pure function of what was drawn, so that a case replays. */
export type Mutation = (module: Uint8Array, others: readonly Uint8Array[]) => Uint8Array;

const at = (share: number, length: number): number => Math.min(length - 1, Math.floor(share * length));
/** A place as a share of the length. Not a double: most of those lie next to nothing. */
const share = fc.integer({ min: 0, max: 999_999 }).map((part) => part / 1_000_000);
const INTERESTING = [0x00, 0x01, 0x7f, 0x80, 0xff, 0x0b, 0x40, 0x10, 0x11, 0x0c, 0x3f, 0x41, 0xfc, 0xfd, 0xfe];
const byte = fc.oneof(fc.constantFrom(...INTERESTING), fc.nat(255));

/** Sections as they are, or none when the header is gone already. */
function sectionsOf(module: Uint8Array): WasmSection[] {
  try {
    return readSections(module);
  } catch {
    return [];
  }
}

const inSections = (module: Uint8Array, change: (sections: WasmSection[]) => WasmSection[]): Uint8Array => {
  const sections = sectionsOf(module);
  return sections.length === 0 ? module : writeSections(change(sections));
};

const setBytes = fc.array(fc.tuple(share, byte), { minLength: 1, maxLength: 6 }).map((changes): Mutation => (module) => {
  const changed = module.slice();
  for (const [where, value] of changes) changed[at(where, changed.length)] = value;
  return changed;
});

/** Inside one section, where the framing stays whole and the change gets past the first reader. */
const setInSection = fc.tuple(share, fc.array(fc.tuple(share, byte), { minLength: 1, maxLength: 3 })).map(([which, changes]): Mutation => (module) =>
  inSections(module, (sections) => sections.map((section, index) => {
    if (index !== at(which, sections.length) || section.body.length === 0) return section;
    const body = section.body.slice();
    for (const [where, value] of changes) body[at(where, body.length)] = value;
    return { id: section.id, body };
  })));

const CODE = 10;
/** Instructions that take and give the same: one in the place of another leaves a valid module that does something else. */
const ALIKE = [[0x6a, 0x78], [0x7c, 0x7d], [0x46, 0x4f], [0x51, 0x5a], [0x2c, 0x2d]] as const;
const CONSTANTS = new Set([0x41, 0x42]);

/** Exchanges instructions for others of their kind, and constants for others. */
const otherInstructions = fc.array(fc.tuple(share, fc.nat(255)), { minLength: 1, maxLength: 6 }).map((changes): Mutation => (module) =>
  inSections(module, (sections) => sections.map((section) => {
    if (section.id !== CODE) return section;
    const body = section.body.slice();
    for (const [where, value] of changes) exchange(body, at(where, body.length), value);
    return { id: section.id, body };
  })));

/** The first instruction from here on that has others of its kind, or the first constant. */
function exchange(body: Uint8Array, from: number, value: number): void {
  for (let position = from; position + 1 < body.length; position += 1) {
    const found = body[position] ?? 0;
    if (CONSTANTS.has(found)) {
      body[position + 1] = value & 0x7f;
      return;
    }
    const kind = ALIKE.find(([first, last]) => found >= first && found <= last);
    if (!kind) continue;
    const [first, last] = kind;
    body[position] = first + (value % (last - first + 1));
    return;
  }
}

const cut = share.map((where): Mutation => (module) => module.slice(0, at(where, module.length)));
const insert = fc.tuple(share, fc.uint8Array({ minLength: 1, maxLength: 12 })).map(([where, bytes]): Mutation => (module) => concatBytes([module.subarray(0, at(where, module.length)), bytes, module.subarray(at(where, module.length))]));
const append = fc.uint8Array({ minLength: 1, maxLength: 30 }).map((bytes): Mutation => (module) => concatBytes([module, bytes]));
const splice = fc.tuple(share, share, fc.nat(10)).map(([where, from, which]): Mutation => (module, others) => {
  const other = others[which % others.length] ?? module;
  return concatBytes([module.subarray(0, at(where, module.length)), other.subarray(at(from, other.length))]);
});

const dropSection = share.map((which): Mutation => (module) => inSections(module, (sections) => sections.filter((_section, index) => index !== at(which, sections.length))));
const doubleSection = fc.tuple(share, fc.nat(3)).map(([which, times]): Mutation => (module) => inSections(module, (sections) => sections.flatMap((section, index) => (index === at(which, sections.length) ? Array.from({ length: times + 2 }, () => section) : [section]))));
const swapSections = fc.tuple(share, share).map(([left, right]): Mutation => (module) => inSections(module, (sections) => {
  const [from, to] = [at(left, sections.length), at(right, sections.length)];
  return sections.map((section, index) => (index === from ? sections[to] : index === to ? sections[from] : section) ?? section);
}));
const borrowSection = fc.tuple(share, fc.nat(10), share).map(([which, whose, where]): Mutation => (module, others) => {
  const lent = sectionsOf(others[whose % others.length] ?? module);
  const section = lent[at(which, lent.length)];
  return section ? inSections(module, (sections) => sections.toSpliced(at(where, sections.length), 0, section)) : module;
});

const bigNumber = fc.oneof(fc.nat(70_000), fc.constantFrom(0, 1, 512, 513, 4096, 65_536, 65_537, 0x7fff_ffff, 0xffff_ffff));
/** Sections of memory, table, start, exports and the like, with numbers that mean harm. */
const inventedSection = fc.tuple(fc.nat(15), fc.array(fc.oneof(byte.map((value) => [value]), bigNumber.map(unsignedLeb)), { maxLength: 8 }), share).map(([id, parts, where]): Mutation => (module) =>
  inSections(module, (sections) => sections.toSpliced(at(where, sections.length + 1), 0, { id, body: Uint8Array.from(parts.flat()) })));
const newLimits = fc.tuple(fc.constantFrom(4, 5), fc.nat(9), bigNumber, bigNumber).map(([id, flags, minimum, maximum]): Mutation => (module) =>
  inSections(module, (sections) => sections.map((section) => (section.id === id ? { id, body: Uint8Array.from([1, ...(id === 4 ? [0x70] : []), flags, ...unsignedLeb(minimum), ...unsignedLeb(maximum)]) } : section))));

const anyMutation: fc.Arbitrary<Mutation> = fc.oneof(
  { weight: 2, arbitrary: setBytes },
  { weight: 6, arbitrary: setInSection },
  { weight: 2, arbitrary: otherInstructions },
  { weight: 1, arbitrary: cut },
  { weight: 1, arbitrary: insert },
  { weight: 1, arbitrary: append },
  { weight: 1, arbitrary: splice },
  { weight: 1, arbitrary: dropSection },
  { weight: 1, arbitrary: doubleSection },
  { weight: 1, arbitrary: swapSections },
  { weight: 1, arbitrary: borrowSection },
  { weight: 1, arbitrary: inventedSection },
  { weight: 1, arbitrary: newLimits },
);

/** What is done to one module. Those with other instructions get past validation and do something, for ever in many a case, which costs a process. */
export const mutations: fc.Arbitrary<Mutation[]> = fc.oneof(
  { weight: 1, arbitrary: fc.array(otherInstructions, { minLength: 1, maxLength: 2 }) },
  { weight: 3, arbitrary: fc.array(anyMutation, { minLength: 1, maxLength: 3 }) },
);
