import type { Prompt } from '@trivet/contracts';
import { TextArea, TextField } from '../../parts/fields.js';

/** What was typed for each variable. */
export type Typed = Record<string, string>;

const typeOf = (schema: unknown): unknown => (typeof schema === 'object' && schema !== null && 'type' in schema ? schema.type : undefined);

/** Whether what is typed is a text as it stands: the schema says so, or says nothing. */
const isText = (schema: unknown): boolean => [undefined, 'string'].some((type) => typeOf(schema) === type);

/** A field for each variable that the prompt's schema names; texts as they are, anything else as JSON. */
export function VariableFields({ prompt, typed, onChange }: { prompt: Pick<Prompt, 'input'>; typed: Typed; onChange: (typed: Typed) => void }) {
  const variables = Object.entries(prompt.input.properties);
  if (variables.length === 0) return <p className="text-muted">It has no variables.</p>;
  return (
    <div className="grid gap-3">
      {variables.map(([name, schema]) => {
        const set = (value: string) => onChange({ ...typed, [name]: value });
        return isText(schema) ? <TextArea key={name} label={name} value={typed[name] ?? ''} onChange={set} rows={2} /> : <TextField key={name} label={`${name} (JSON)`} value={typed[name] ?? ''} onChange={set} />;
      })}
    </div>
  );
}

/** The variables as values; those left empty are left out, so that the server names what is missing. */
export function variablesOf(prompt: Pick<Prompt, 'input'>, typed: Typed): Record<string, unknown> {
  const given = Object.entries(typed).filter(([name, text]) => text !== '' && name in prompt.input.properties);
  return Object.fromEntries(given.map(([name, text]) => [name, isText(prompt.input.properties[name]) ? text : JSON.parse(text)]));
}
