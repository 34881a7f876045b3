/**
 * The floor: what Extism's host functions do, in as little code as that takes, on a plain WebAssembly.Instance in this very
 * process. It contains nothing; it says what the module itself costs.
 */
const MASK = (1n << 48n) - 1n;

export function callPlainly(module, entry, input, answerHost = () => Buffer.from('{"value":null}')) {
  const blocks = [null];
  const views = [null];
  let output = Buffer.alloc(0);
  const add = (bytes) => {
    blocks.push(bytes);
    views.push(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    return BigInt(blocks.length - 1) << 48n;
  };
  const blockAt = (address) => blocks[Number(address >> 48n)];
  const viewAt = (address) => views[Number(address >> 48n)];
  const inputView = new DataView(input.buffer, input.byteOffset, input.byteLength);
  const environment = {
    alloc: (bytes) => add(new Uint8Array(Number(bytes))),
    free: (address) => void (blocks[Number(address >> 48n)] = null),
    length: (address) => BigInt(blockAt(address)?.length ?? 0),
    load_u8: (address) => viewAt(address).getUint8(Number(address & MASK)),
    load_u64: (address) => viewAt(address).getBigUint64(Number(address & MASK), true),
    store_u8: (address, value) => viewAt(address).setUint8(Number(address & MASK), value),
    store_u64: (address, value) => viewAt(address).setBigUint64(Number(address & MASK), value, true),
    input_length: () => BigInt(input.length),
    input_load_u8: (offset) => inputView.getUint8(Number(offset)),
    input_load_u64: (offset) => inputView.getBigUint64(Number(offset), true),
    output_set: (address) => void (output = blockAt(address)),
    error_set: (address) => {
      throw new Error(Buffer.from(blockAt(address)).toString());
    },
  };
  const user = new Proxy({}, { get: () => (address) => add(answerHost(blockAt(address))) });
  const { exports } = new WebAssembly.Instance(module, { 'extism:host/env': environment, 'extism:host/user': user });
  exports._initialize?.();
  exports[entry]();
  return Buffer.from(output);
}
