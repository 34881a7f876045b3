import { deflateSync } from 'node:zlib';

/** One page a text, one line a line of it, in Helvetica: characters of Latin-1 only. */
export function makePdf(pages: readonly string[]): Buffer {
  return pdfWith(pages, (line) => `(${line.replaceAll(/[\\()]/g, String.raw`\$&`)})`, () => ['<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>']);
}

/** The same in any script: codes of two bytes that mean nothing, and a ToUnicode map that says what they mean. */
export function makeUnicodePdf(pages: readonly string[]): Buffer {
  const codes = new Map([...new Set(pages.join(''))].map((character, index) => [character, (index + 1).toString(16).padStart(4, '0')]));
  const rows = [...codes].map(([character, code]) => `1 beginbfchar\n<${code}> <${utf16(character)}>\nendbfchar`).join('\n');
  const map = `begincmap\n/CMapName /Subject def\n/CMapType 2 def\n1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n${rows}\nendcmap`;
  return pdfWith(pages, (line) => `<${[...line].map((character) => codes.get(character)).join('')}>`, (first) => [
    `<< /Type /Font /Subtype /Type0 /BaseFont /Subject /Encoding /Identity-H /DescendantFonts [${first + 1} 0 R] /ToUnicode ${first + 2} 0 R >>`,
    `<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Subject /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /DW 1000 /FontDescriptor ${first + 3} 0 R >>`,
    pdfStream(map),
    '<< /Type /FontDescriptor /FontName /Subject /Flags 4 /FontBBox [0 -200 1000 900] /ItalicAngle 0 /Ascent 900 /Descent -200 /CapHeight 900 /StemV 80 >>',
  ]);
}

/** Chinese by one of Adobe's maps, without one of its own and without a font: what many programs in China write. */
export function makeMappedPdf(pages: readonly string[]): Buffer {
  return pdfWith(pages, (line) => `<${utf16(line)}>`, (first) => [
    `<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H /DescendantFonts [${first + 1} 0 R] >>`,
    `<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 4 >> /DW 1000 /FontDescriptor ${first + 2} 0 R >>`,
    '<< /Type /FontDescriptor /FontName /STSong-Light /Flags 6 /FontBBox [-25 -254 1000 880] /ItalicAngle 0 /Ascent 880 /Descent -120 /CapHeight 880 /StemV 93 >>',
  ]);
}

/** Objects 1, 2, … with their table of places; the first is the catalog. `trailer`: more of it. */
export function pdfOf(objects: readonly (string | Buffer)[], trailer = ''): Buffer {
  const parts: Buffer[] = [Buffer.from('%PDF-1.7\n')];
  const places: number[] = [];
  let length = parts[0]?.length ?? 0;
  for (const [index, body] of objects.entries()) {
    const part = Buffer.concat([Buffer.from(`${index + 1} 0 obj\n`), Buffer.from(body), Buffer.from('\nendobj\n')]);
    places.push(length);
    length += part.length;
    parts.push(part);
  }
  const table = places.map((place) => `${String(place).padStart(10, '0')} 00000 n \n`).join('');
  const size = objects.length + 1;
  parts.push(Buffer.from(`xref\n0 ${size}\n0000000000 65535 f \n${table}trailer\n<< /Size ${size} /Root 1 0 R ${trailer} >>\nstartxref\n${length}\n%%EOF\n`));
  return Buffer.concat(parts);
}

/** A stream, deflated. */
export function pdfStream(data: string | Buffer, entries = ''): Buffer {
  const body = deflateSync(data);
  return Buffer.concat([Buffer.from(`<< ${entries} /Length ${body.length} /Filter /FlateDecode >>\nstream\n`), body, Buffer.from('\nendstream')]);
}

const utf16 = (text: string): string => Buffer.from(text, 'utf16le').swap16().toString('hex');
const LINE = 14;
const WIDEST = 11;

function pdfWith(pages: readonly string[], show: (line: string) => string, fontAt: (first: number) => (string | Buffer)[]): Buffer {
  const fonts = fontAt(3);
  const first = 3 + fonts.length;
  const leaves = pages.flatMap((text, index) => {
    const lines = text.split('\n');
    // Readers leave out what lies outside of the page, so the page is as large as its text.
    const [width, height] = [Math.max(595, 100 + WIDEST * Math.max(...lines.map((line) => line.length))), Math.max(842, 100 + LINE * lines.length)];
    return [
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${width} ${height}] /Resources << /Font << /F1 3 0 R >> >> /Contents ${first + index * 2 + 1} 0 R >>`,
      pdfStream(Buffer.from(`BT /F1 11 Tf ${LINE} TL 50 ${height - 52} Td\n${lines.map((line) => `${show(line)} Tj T*`).join('\n')}\nET`, 'latin1')),
    ];
  });
  const kids = pages.map((_, index) => `${first + index * 2} 0 R`).join(' ');
  return pdfOf(['<< /Type /Catalog /Pages 2 0 R >>', `<< /Type /Pages /Kids [${kids}] /Count ${pages.length} >>`, ...fonts, ...leaves]);
}
