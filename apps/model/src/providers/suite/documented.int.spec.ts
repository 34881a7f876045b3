import { readFileSync, readdirSync } from 'node:fs';
import { z } from 'zod';
import { events, json, startLoopback, type Loopback } from './loopback.js';
import { SUBJECTS, live, request } from './subjects.js';

/** What a vendor's documentation shows, and what it has to become. Long texts are shortened; counts that a page leaves out are ours. */
const Fixture = z.strictObject({
  source: z.string(),
  status: z.number(),
  body: z.unknown().optional(),
  events: z.array(z.string()).optional(),
  answer: z.looseObject({ status: z.enum(['answered', 'failed']) }),
});

const folder = new URL('./fixtures/', import.meta.url);
const FIXTURES = readdirSync(folder).map((file) => ({ name: file.replace('.json', ''), ...Fixture.parse(JSON.parse(readFileSync(new URL(file, folder), 'utf8'))) }));
const CASES = FIXTURES.flatMap((fixture) =>
  SUBJECTS.filter(([, { vendor, stream }]) => fixture.name.startsWith(vendor === 'langchain' ? 'anthropic' : vendor) && (fixture.status !== 200 || stream === (fixture.events !== undefined))).map(([subjectName, subject]) => ({ fixture, subjectName, subject })),
);

describe('what a vendor’s documentation shows', () => {
  let server: Loopback;
  beforeAll(async () => void (server = await startLoopback()));
  afterAll(() => server.close());

  it('is there for every vendor', () => {
    expect(new Set(CASES.map(({ subjectName }) => subjectName)).size).toBe(SUBJECTS.length);
  });

  it.each(CASES)('$fixture.name, by the adapter of $subjectName', async ({ fixture, subject }) => {
    server.reply = fixture.events ? events(fixture.events.map((event) => `${event}\n\n`)) : json(fixture.body, { status: fixture.status });
    const answer = await subject.create(server.url).complete(request('hello'), { signal: live() });
    // An answer is what the documentation says and nothing more; a refusal has our own words beside.
    if (fixture.answer.status === 'answered') expect(answer).toEqual(fixture.answer);
    else expect(answer).toMatchObject(fixture.answer);
  });
});
