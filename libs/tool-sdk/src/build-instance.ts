/** An interpreter at build time: calls of its exports, and texts in its memory. */
export class BuildInstance {
  constructor(
    private readonly exports: WebAssembly.Exports,
    /** What the interpreter calls its malloc and free. */
    private readonly names: { malloc: string; free: string },
  ) {}

  call(name: string, ...values: number[]): number {
    const exported = this.exports[name];
    if (typeof exported !== 'function') throw new Error(`The interpreter does not export the function ${name}.`);
    return Number(exported(...values));
  }

  memory(): Uint8Array {
    const { memory } = this.exports;
    if (!(memory instanceof WebAssembly.Memory)) throw new Error('The interpreter does not export its memory.');
    return new Uint8Array(memory.buffer);
  }

  globalNumber(name: string): number {
    return Number(this.global(name).value);
  }

  setGlobal(name: string, value: number): void {
    this.global(name).value = value;
  }

  /** Puts a text, NUL-terminated, into memory for good. Gives its address. */
  place(text: string): number {
    const bytes = new TextEncoder().encode(text);
    const address = this.call(this.names.malloc, bytes.length + 1);
    this.memory().set(bytes, address);
    this.memory()[address + bytes.length] = 0;
    return address;
  }

  /** Runs a script by the export `load`. Throws an Error with the script's own message when it does not load. */
  load(source: string): void {
    const address = this.place(source);
    const problem = this.call('load', address, new TextEncoder().encode(source).length);
    if (problem === 0) return this.release(address);
    const memory = this.memory();
    throw new Error(`The tool does not load: ${new TextDecoder().decode(memory.subarray(problem, memory.indexOf(0, problem)))}`);
  }

  /** The source is wiped before it is freed, so that it does not end up in the snapshot. */
  private release(address: number): void {
    const memory = this.memory();
    memory.fill(0, address, memory.indexOf(0, address));
    this.call(this.names.free, address);
  }

  private global(name: string): WebAssembly.Global {
    const global = this.exports[name];
    if (!(global instanceof WebAssembly.Global)) throw new Error(`The interpreter does not export the global ${name}.`);
    return global;
  }
}
