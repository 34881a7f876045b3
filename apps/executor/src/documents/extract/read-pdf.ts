import { getDocument } from 'unpdf/pdfjs';
import { textOf, type Line } from './text-of.js';

export interface ReadPdf {
  /** The pages that were read, in their order. */
  pages: string[];
  /** How many the document has. */
  total: number;
  /** It has more text than is read. */
  truncated: boolean;
  /** Pages that could not be read. */
  failed: number;
}

const MOST_PAGES = 2000;
const MOST_CHARACTERS = 4_000_000;
const MOST_CHARACTERS_OF_PAGE = 1_000_000;
const MOST_ITEMS_OF_PAGE = 2_000_000;
/** A document may claim any number of pages; a run of broken ones ends the reading. */
const MOST_FAILED = 20;

/** Throws what pdf.js throws: a PasswordException for an encrypted document, another error for a damaged one. */
export async function readPdf(content: Uint8Array): Promise<ReadPdf> {
  const document = await getDocument({ data: new Uint8Array(content), ...OPTIONS }).promise;
  const pages: Line[][] = [];
  let [characters, failed, truncated] = [0, 0, document.numPages > MOST_PAGES];
  for (let number = 1; number <= Math.min(document.numPages, MOST_PAGES); number += 1) {
    const { lines, cut } = await linesOfPage(document, number);
    pages.push(lines ?? []);
    if (!lines) failed += 1;
    truncated ||= cut;
    characters += (lines ?? []).reduce((sum, { text }) => sum + text.length, 0);
    if (failed < MOST_FAILED && characters <= MOST_CHARACTERS) continue;
    truncated = true;
    break;
  }
  return { pages: textOf(pages), total: document.numPages, truncated, failed };
}

/** Nothing is drawn, evaluated or fetched but the character maps that came with this program. */
const OPTIONS = {
  verbosity: 0,
  isEvalSupported: false,
  enableXfa: false,
  disableFontFace: true,
  useSystemFonts: false,
  fontExtraProperties: false,
  useWorkerFetch: false,
  useWasm: false,
  isOffscreenCanvasSupported: false,
  isImageDecoderSupported: false,
  maxImageSize: 0,
  stopAtErrors: false,
  disableAutoFetch: true,
  disableStream: true,
  cMapUrl: 'bundled/',
  cMapPacked: true,
  standardFontDataUrl: 'none/',
  wasmUrl: 'none/',
  BinaryDataFactory: class {
    async fetch({ kind, filename }: { kind: string; filename: string }): Promise<Uint8Array> {
      const name = /^([A-Za-z0-9-]+)\.bcmap$/.exec(filename)?.[1];
      if (kind !== 'cMapUrl' || name === undefined) throw new Error(`There is no ${kind} here.`);
      // Each of the folder becomes a part of the bundle.
      const { default: bytes }: { default: Uint8Array } = await import(`../../../cmaps/${name}.bcmap`);
      return bytes;
    }
  },
};

interface PdfDocument {
  numPages: number;
  getPage(number: number): Promise<{ streamTextContent(options: object): ReadableStream<{ items: PdfItem[] }>; cleanup(): void }>;
}

interface PdfItem {
  str?: string;
  hasEOL?: boolean;
  transform?: number[];
  height?: number;
}

/** `lines` is null when the page cannot be read. */
async function linesOfPage(document: PdfDocument, number: number): Promise<{ lines: Line[] | null; cut: boolean }> {
  try {
    const page = await document.getPage(number);
    const read = await readLines(page.streamTextContent({ includeMarkedContent: false }).getReader());
    page.cleanup();
    return read;
  } catch (error) {
    if (error instanceof RangeError) throw error;
    return { lines: null, cut: false };
  }
}

async function readLines(reader: ReadableStreamDefaultReader<{ items: PdfItem[] }>): Promise<{ lines: Line[]; cut: boolean }> {
  const lines: Line[] = [];
  let line: Line | null = null;
  let [items, characters] = [0, 0];
  const end = (): void => {
    if (line && line.text.trim() !== '') lines.push(line);
    line = null;
  };
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    for (const item of value.items) {
      items += 1;
      characters += item.str?.length ?? 0;
      if (items > MOST_ITEMS_OF_PAGE || characters > MOST_CHARACTERS_OF_PAGE) {
        end();
        await reader.cancel(new Error('enough')).catch(() => undefined);
        return { lines, cut: true };
      }
      line = withItem(line, item);
      if (item.hasEOL) end();
    }
  }
  end();
  return { lines, cut: false };
}

function withItem(line: Line | null, { str = '', transform = [], height = 0 }: PdfItem): Line | null {
  if (str === '') return line;
  const [, , c = 0, d = 0, , y = 0] = transform;
  const size = Math.hypot(c, d) || height || 1;
  return line ? { ...line, text: line.text + str, size: Math.max(line.size, size) } : { text: str, y, size };
}
