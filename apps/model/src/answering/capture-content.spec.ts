import { createContentCapture, redactSecrets } from './capture-content.js';

describe('content for spans', () => {
  it.each([
    ['a key of a vendor', 'use sk-proj-abcdefghijklmnop1234 now', 'use [redacted] now'],
    ['a token of a forge', 'ghp_abcdefghijklmnopqrstuvwxyz0123456789', '[redacted]'],
    ['a key of a cloud', 'AKIAIOSFODNN7EXAMPLE', '[redacted]'],
    ['a bearer token', 'Authorization: Bearer abcdef.ghijkl-mnopqr', 'Authorization: Bearer [redacted]'],
    ['a signed token', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abcdefghijkl', '[redacted]'],
    ['a private key', 'x -----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- y', 'x [redacted] y'],
    ['a password in a URL', 'postgres://ada:s3cret@db/x', 'postgres://ada:[redacted]@db/x'],
    ['nothing where there is none', 'The sketch of a basic bearer: 12 sk.', 'The sketch of a basic bearer: 12 sk.'],
  ])('have %s taken out', (_, text, expected) => {
    expect(redactSecrets(text)).toBe(expected);
  });

  it('have the keys of endpoints taken out whatever they look like, and are short', () => {
    const capture = createContentCapture(['plain-key', undefined]);
    const [input] = Object.values(capture.input({ model: 'm', maxTokens: 1, messages: [{ role: 'user', content: 'plain-key and text', images: [{ mediaType: 'image/png', data: 'AAAA' }] }] }, undefined));
    expect(input).toBe('[{"role":"user","parts":[{"type":"text","content":"[redacted] and text"},{"type":"blob","mime_type":"image/png"}]}]');
    const [output] = Object.values(capture.output({ status: 'answered', text: 'x'.repeat(100_000), finishReason: 'stop', model: 'm' }));
    expect(output?.length).toBe(16_384);
  });

  it('are cleaned in time that grows with the text, whatever stands in it', () => {
    const startedAt = performance.now();
    for (const text of ['-----BEGIN PRIVATE KEY-----'.repeat(20_000), 'eyJ'.repeat(200_000), '://a:'.repeat(100_000), 'sk-'.repeat(200_000)]) redactSecrets(text);
    expect(performance.now() - startedAt).toBeLessThan(15_000);
  });
});
