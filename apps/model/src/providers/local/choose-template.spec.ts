import { chooseTemplate } from './choose-template.js';

const templates = [
  { name: 'agent', description: 'Works freely towards a goal that cannot be planned ahead. The model calls tools step by step.' },
  { name: 'analyse-data', description: 'Analyses data, tables, records, numbers and statistics.' },
  { name: 'debate', description: 'Debates a question, a claim or a decision. Two models argue for and against it.' },
  { name: 'research', description: 'Two research steps in parallel, an overview and the funding, then a report of both.' },
  { name: 'summarise', description: 'Summarises a text or documents of any length, condensing them to the key points.' },
];

describe('the choice of a template without a language model', () => {
  it.each([
    ['Summarise this document', 'summarise'],
    ['Give me the key points of these documents', 'summarise'],
    ['Research Nimbus Robotics and write a report about its funding', 'research'],
    ['Debate: should cities ban cars?', 'debate'],
    ['Statistics over the numbers in these tables', 'analyse-data'],
  ])('%s → %s', (goal, name) => {
    expect(chooseTemplate({ goal, templates })?.name).toBe(name);
    expect(chooseTemplate({ goal, templates: [...templates].reverse() })?.name).toBe(name);
  });

  it('falls back to research, and gives up without any', () => {
    expect(chooseTemplate({ goal: '', templates })?.name).toBe('research');
    expect(chooseTemplate({ goal: 'x', templates: [] })).toBeNull();
  });
});
