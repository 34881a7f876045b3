import { base64, fromBase64, textOf, utf8 } from './bytes.js';

/** A file as it comes in and goes out: its text, or its bytes where it is no text. */
export type FileContent = string | { base64: string };

/** What a script may do with the small folder that it has in memory. */
export interface ScriptFiles {
  /** Names, sorted. */
  list: () => string[];
  /** The text of a file. Throws an Error when there is no such file, or when it is no UTF-8. */
  read: (name: string) => string;
  readBytes: (name: string) => Uint8Array;
  write: (name: string, content: string | Uint8Array) => void;
  /** Whether there was one. */
  remove: (name: string) => boolean;
}

const MOST_FILES = 100;
const MOST_BYTES = 1_048_576;
const NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/;

export class Folder {
  private readonly contents = new Map<string, Uint8Array>();
  private readonly written = new Set<string>();
  private bytes = 0;

  constructor(given: Record<string, FileContent>) {
    for (const [name, content] of Object.entries(given)) this.keep(name, typeof content === 'string' ? utf8(content) : decoded(name, content.base64));
  }

  readonly files: ScriptFiles = {
    list: () => [...this.contents.keys()].sort(),
    read: (name) => {
      const text = textOf(this.find(name));
      if (text === null) throw new Error(`files.read: ${name} is no UTF-8; use files.readBytes`);
      return text;
    },
    readBytes: (name) => this.find(name).slice(),
    write: (name, content) => {
      if (typeof content !== 'string' && !(content instanceof Uint8Array)) throw new TypeError(`files.write: the content of ${name} must be a text or a Uint8Array`);
      this.keep(name, typeof content === 'string' ? utf8(content) : content.slice());
      this.written.add(name);
    },
    remove: (name) => {
      this.bytes -= this.contents.get(name)?.length ?? 0;
      this.written.delete(name);
      return this.contents.delete(name);
    },
  };

  /** The files that the script wrote and that are still there; absent when there are none. */
  result(): Record<string, FileContent> | undefined {
    if (this.written.size === 0) return undefined;
    return Object.fromEntries([...this.written].sort().map((name) => {
      const bytes = this.find(name);
      return [name, textOf(bytes) ?? { base64: base64(bytes) }];
    }));
  }

  private find(name: string): Uint8Array {
    const content = this.contents.get(name);
    if (!content) throw new Error(`There is no file ${JSON.stringify(name)}; there are ${this.files.list().join(', ') || 'none'}`);
    return content;
  }

  private keep(name: string, content: Uint8Array): void {
    if (typeof name !== 'string' || !NAME.test(name)) throw new Error(`${JSON.stringify(name)} is no name of a file here: 1 to 100 letters, digits, and . _ - (there is one folder, without folders in it)`);
    const total = this.bytes + content.length - (this.contents.get(name)?.length ?? 0);
    if (total > MOST_BYTES) throw new Error(`With ${name} the files would have ${total} bytes together; the limit is ${MOST_BYTES}`);
    if (!this.contents.has(name) && this.contents.size >= MOST_FILES) throw new Error(`There are ${MOST_FILES} files, which is the limit`);
    this.bytes = total;
    this.contents.set(name, content);
  }
}

function decoded(name: string, text: string): Uint8Array {
  try {
    return fromBase64(text);
  } catch (error) {
    throw new Error(`The file ${name} cannot be read: ${error instanceof Error ? error.message : 'unknown'}`);
  }
}
