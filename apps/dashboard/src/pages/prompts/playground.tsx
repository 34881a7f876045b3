import { useQuery } from '@tanstack/react-query';
import type { Page, Prompt } from '@trivet/contracts';
import { useState } from 'react';
import { getJson } from '../../api/http.js';
import { Button } from '../../parts/button.js';
import { SelectField, TextArea } from '../../parts/fields.js';
import { ModelField } from '../../parts/model-field.js';
import { Notice } from '../../parts/notice.js';
import { useRole } from '../../api/session.js';
import { one } from '../../search.js';
import { useFilters } from '../../use-filters.js';
import { AnswerCard } from './answer-card.js';
import { VariableFields, variablesOf, type Typed } from './variables.js';

/** The same words to two models at once: answers, tokens, cost and time side by side. Each is a workflow of its own, budgeted like any. */
export function Playground() {
  const [filters, change] = useFilters();
  const { mayWrite } = useRole();
  const prompts = useQuery({ queryKey: ['prompts'], queryFn: ({ signal }) => getJson<Page<Prompt>>('/api/v1/prompts', {}, signal) });
  const [typed, setTyped] = useState<Typed>({});
  const [text, setText] = useState('');
  const [asked, setAsked] = useState<{ run: number; input: Record<string, unknown> }>();
  const [problem, setProblem] = useState<string>();
  const reference = one(filters['prompt']);
  const prompt = prompts.data?.items.find(({ name }) => name === reference.split('@')[0]);
  const sides = [one(filters['left']), one(filters['right'])];
  if (!mayWrite) return <Notice>Your key may only read; asking a model needs one that may write.</Notice>;
  const ask = () => {
    setProblem(undefined);
    try {
      const input = prompt ? { prompt: reference, variables: variablesOf(prompt, typed) } : { messages: [{ role: 'user', content: text }] };
      setAsked((before) => ({ run: (before?.run ?? 0) + 1, input }));
    } catch (error) {
      setProblem(`A variable is not JSON: ${error instanceof Error ? error.message : String(error)}.`);
    }
  };
  return (
    <div className="grid gap-4">
      <form
        className="grid gap-4 rounded-lg border border-line bg-surface p-4"
        onSubmit={(event) => {
          event.preventDefault();
          ask();
        }}
      >
        <SelectField label="Prompt" value={reference} onChange={(value) => change({ prompt: value })} options={optionsOf(prompts.data?.items ?? [], reference)} />
        {prompt ? <VariableFields prompt={prompt} typed={typed} onChange={setTyped} /> : <TextArea label="Text" value={text} onChange={setText} required rows={5} />}
        <div className="grid gap-4 sm:grid-cols-2">
          {(['left', 'right'] as const).map((side) => (
            <ModelField key={side} label={side === 'left' ? 'First model' : 'Second model'} value={one(filters[side])} onChange={(model) => change({ [side]: model })} none="the tier's default" />
          ))}
        </div>
        {problem && <Notice tone="bad">{problem}</Notice>}
        <div>
          <Button type="submit" tone="main">
            Ask both
          </Button>
        </div>
      </form>
      {asked && (
        <div className="grid items-start gap-4 lg:grid-cols-2">
          {sides.map((model, index) => (
            <AnswerCard key={`${asked.run}-${index}`} model={model} input={asked.input} />
          ))}
        </div>
      )}
    </div>
  );
}

/** A prompt by name, and the very version a link names. */
function optionsOf(prompts: Prompt[], reference: string): { value: string; label: string }[] {
  const names = prompts.map(({ name, description }) => ({ value: name, label: `${name}: ${description}` }));
  const named = reference && !names.some(({ value }) => value === reference) ? [{ value: reference, label: reference }] : [];
  return [{ value: '', label: 'no prompt, my own words' }, ...named, ...names];
}
