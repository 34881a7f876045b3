import { deflateSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { makeMappedPdf, makePdf, makeUnicodePdf, pdfOf, pdfStream } from '@trivet/testing';
import { bundlePrograms } from '../../hostile/prepare.js';
import { createTextExtractor, TooManyDocuments } from './extract-text.js';

const MIB = 1_048_576;
const PAGE = ['<< /Type /Catalog /Pages 2 0 R >>', '<< /Type /Pages /Kids [3 0 R] /Count 1 >>', '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 5 0 R >> /XObject << /X1 6 0 R >> >> /Contents 4 0 R >>'];
const FONT = '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>';
const SHOW = 'BT /F1 11 Tf 50 700 Td (still here) Tj ET';

/** Forms of which each draws the next ten times. */
function fanOut(depth: number): Buffer {
  const forms = Array.from({ length: depth }, (_, level) => pdfStream(level + 1 === depth ? SHOW : '/X1 Do '.repeat(10), `/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X1 ${level + 7} 0 R >> /Font << /F1 5 0 R >> >>`));
  return pdfOf([...PAGE, pdfStream('/X1 Do'), FONT, ...forms]);
}

describe('the text of a document', () => {
  beforeAll(() => bundlePrograms());
  const extractor = createTextExtractor({ deadlineMs: 4000 });
  const extract = (content: Uint8Array, tenant = 'default') => extractor.extract(content, tenant);

  it('is that of its pages', async () => {
    expect(await extract(makePdf(['First (page)\\\nsecond line', 'Second page']))).toEqual({ text: 'First (page)\\\nsecond line\n\nSecond page', pages: 2, notice: null });
  });

  it.each([['a map of its own', makeUnicodePdf], ['a map of Adobe', makeMappedPdf]])('may be Chinese, by %s', async (_what, make) => {
    expect(await extract(make(['青鸾智能融资历程', '第二页']))).toEqual({ text: '青鸾智能融资历程\n\n第二页', pages: 2, notice: null });
  });

  it('of a long one comes whole', async () => {
    const pages = Array.from({ length: 200 }, (_, page) => Array.from({ length: 40 }, (__, line) => `page ${page} line ${line} of a report`).join('\n'));
    expect(await extract(makePdf(pages))).toMatchObject({ text: expect.stringContaining('page 199 line 39'), pages: 200, notice: null });
  }, 20_000);

  describe('of what cannot be read is a sentence that says why:', () => {
    const encrypted = pdfOf([...PAGE, pdfStream(SHOW), FONT, '<< /Filter /Standard /V 1 /R 2 /Length 40 /P -64 /O <0000000000000000000000000000000000000000000000000000000000000000> /U <0000000000000000000000000000000000000000000000000000000000000000> >>'], '/Encrypt 6 0 R /ID [<00> <00>]');
    const bomb = (data: Buffer, entries = ''): Buffer => pdfOf([...PAGE, Buffer.concat([Buffer.from(`<< ${entries} /Length ${data.length} >>\nstream\n`), data, Buffer.from('\nendstream')]), FONT]);
    const gibibyte = deflateSync(Buffer.alloc(256 * MIB, ' '));
    it.each<[string, Buffer, RegExp]>([
      ['another kind of file', Buffer.from('PK\u0003\u0004 not a PDF'), /is called a PDF and is none/],
      ['nothing at all', Buffer.alloc(0), /is called a PDF and is none/],
      ['a beginning and rubbish', Buffer.concat([Buffer.from('%PDF-1.7\n'), Buffer.alloc(100_000, 0xa5)]), /damaged/],
      ['half of a document', makePdf(['x'.repeat(5000)]).subarray(0, 600), /damaged/],
      ['an encrypted one', encrypted, /encrypted/],
      ['one without text', pdfOf([...PAGE, pdfStream('0 0 100 100 re f'), FONT]), /only pictures/],
      ['a stream of 256 MiB', bomb(gibibyte, '/Filter /FlateDecode'), /unpacks to more/],
      ['one that is deflated twice', bomb(deflateSync(gibibyte), '/Filter [/FlateDecode /FlateDecode]'), /unpacks to more/],
      ['forms within forms, a hundred thousand million', fanOut(11), /within 4 s/],
    ])('%s', async (_what, content, notice) => {
      expect(await extract(content)).toMatchObject({ text: null, notice: expect.stringMatching(notice) });
    }, 20_000);
  });

  it.each([
    ['a tree of pages that holds itself', pdfOf([PAGE[0] ?? '', '<< /Type /Pages /Kids [2 0 R] /Count 1 >>'])],
    ['two thousand million pages', pdfOf([PAGE[0] ?? '', '<< /Type /Pages /Kids [3 0 R] /Count 2147483647 >>', PAGE[2] ?? '', pdfStream(SHOW), FONT])],
    ['a form that draws itself', pdfOf([...PAGE, pdfStream(`/X1 Do ${SHOW}`), FONT, pdfStream('/X1 Do', '/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X1 6 0 R >> >>')])],
    ['a script that opens with it', pdfOf(['<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS (while\\(1\\);) >> >>', ...PAGE.slice(1), pdfStream(SHOW), FONT])],
  ])('of a trap comes or not, and the next is read: %s', async (_what, content) => {
    const { text, notice } = await extract(content);
    expect(text?.includes('still here') || notice !== null).toBe(true);
    expect(await extract(makePdf(['the next']))).toMatchObject({ text: 'the next' });
  }, 20_000);

  it('that takes all of its time takes it once', async () => {
    const slow = fanOut(12);
    await extract(slow);
    const startedAt = performance.now();
    for (let count = 0; count < 20; count += 1) expect(await extract(slow)).toMatchObject({ text: null, notice: expect.stringMatching(/within 4 s/) });
    expect(performance.now() - startedAt).toBeLessThan(4000);
  }, 20_000);

  it('is read for every tenant, however many documents one of them sends', async () => {
    const flood = Array.from({ length: 20 }, (_, index) => extract(makePdf([`page ${index}`]), 'flood'));
    const other = extract(makePdf(['mine']), 'other');
    const outcomes = await Promise.allSettled(flood);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    expect(outcomes.every((outcome) => outcome.status === 'fulfilled' || outcome.reason instanceof TooManyDocuments)).toBe(true);
    expect(await other).toMatchObject({ text: 'mine' });
  }, 20_000);
});
