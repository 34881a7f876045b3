import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parseDocument } from './front-matter.js';
import { distinctiveTerms, findRelevant } from './relevance.js';

const folder = join(import.meta.dirname, '../corpus');
const documents = readdirSync(folder).map((name) => parseDocument(name, readFileSync(join(folder, name), 'utf8')));
const found = (query: string): string[] => findRelevant(documents, query, 3).map(({ document }) => document.name.replace('.md', ''));

describe('what the sample corpus knows nothing about', () => {
  it.each(['What-is-2+2', 'x', 'zzzzqqqq', 'What is the capital of France', 'Analyse Boston Dynamics', 'Write a report about AI', 'Explain photosynthesis', 'an analysis of the company', '分析苹果公司的', '请写一份报告', '今天天气怎么样'])('gives no page for %s', (goal) => {
    for (const query of [goal, `${goal} overview`, `${goal} funding`, `${goal} 概况`, `${goal}融资历程`]) expect([query, found(query)]).toEqual([query, []]);
  });
});

describe('what the sample corpus knows', () => {
  const companies = [['Nimbus Robotics', 'nimbus-robotics'], ['Aurelia Health AI', 'aurelia-health'], ['Basalt Compute', 'basalt-compute'], ['Lumen Harbor', 'lumen-harbor'], ['Terrace Farms Intelligence', 'terrace-farms'], ['青鸾智能', 'qingluan-zhineng']] as const;

  it.each(companies)('finds both pages of %s', (name, page) => {
    expect(found(`Analyse ${name} overview`)[0]).toBe(`${page}-overview`);
    expect(found(`Analyse ${name} funding`)[0]).toBe(`${page}-funding`);
  });

  it('finds the Chinese company by Chinese questions', () => {
    expect(found('分析青鸾智能的融资历程')[0]).toBe('qingluan-zhineng-funding');
    expect(found('青鸾智能公司概况')[0]).toBe('qingluan-zhineng-overview');
  });

  it('finds people and names that only the text has', () => {
    expect(found('Who is Wanjiru Kamau')[0]).toMatch(/^terrace-farms/);
    expect(found('Qingluan overview')[0]).toBe('qingluan-zhineng-overview');
    expect(found('林若溪是谁')[0]).toMatch(/^qingluan/);
  });
});

describe('distinctiveTerms', () => {
  it('leaves what names a subject', () => {
    expect(distinctiveTerms('Analyse Nimbus Robotics overview')).toEqual(['nimbus', 'robotics']);
    expect(distinctiveTerms('分析青鸾智能公司的融资历程')).toEqual(['青鸾']);
    expect(distinctiveTerms('What-is-2+2')).toEqual([]);
  });
});
