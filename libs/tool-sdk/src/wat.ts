/** Assembles WebAssembly text. The assembler is loaded when it is first needed: no running service needs it. */
export async function compileWat(source: string, name = 'module.wat'): Promise<Uint8Array> {
  const { default: load } = await import('wabt');
  const wabt = await load();
  const parsed = wabt.parseWat(name, source, { bulk_memory: true, reference_types: true, multi_value: true, sign_extension: true, sat_float_to_int: true, mutable_globals: true, exceptions: true });
  try {
    parsed.resolveNames();
    parsed.validate();
    return new Uint8Array(parsed.toBinary({}).buffer);
  } finally {
    parsed.destroy();
  }
}
