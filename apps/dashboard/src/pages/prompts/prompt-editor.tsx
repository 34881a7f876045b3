import { useQueryClient } from '@tanstack/react-query';
import type { Prompt } from '@trivet/contracts';
import { useState } from 'react';
import { send } from '../../api/http.js';
import { parseJson } from '../../api/parse-json.js';
import { sentenceOf } from '../../api/problem.js';
import { Button } from '../../parts/button.js';
import { Dialog } from '../../parts/dialog.js';
import { TextArea, TextField } from '../../parts/fields.js';
import { Notice } from '../../parts/notice.js';
import { toast } from '../../parts/toasts.js';

const FIRST_INPUT = { type: 'object', required: ['topic'], properties: { topic: { type: 'string' } } };

/** Writes a new version of a prompt, or the first of a new one. Versions never change: saving makes the next. */
export function PromptEditor({ prompt, onClose, onSaved }: { prompt?: Prompt; onClose: () => void; onSaved: (name: string) => void }) {
  const client = useQueryClient();
  const [form, setForm] = useState(() => formOf(prompt));
  const [problem, setProblem] = useState<string>();
  const field = (name: keyof typeof form) => ({ value: form[name], onChange: (value: string) => setForm((before) => ({ ...before, [name]: value })) });
  const save = async () => {
    try {
      const saved = await send<Prompt>(`/api/v1/prompts/${encodeURIComponent(form.name)}`, { method: 'PUT', body: bodyOf(form, prompt), reason: form.reason });
      toast(`${saved.name} has version ${saved.version}; the label production has not moved.`);
      await client.invalidateQueries({ queryKey: ['prompts'] });
      onSaved(saved.name);
      onClose();
    } catch (error) {
      setProblem(sentenceOf(error));
    }
  };
  return (
    <Dialog title={prompt ? `New version of ${prompt.name}` : 'New prompt'} onClose={onClose} wide>
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        {!prompt && <TextField label="Name" {...field('name')} required />}
        <TextField label="Description" {...field('description')} required />
        <TextArea label="System (optional)" {...field('system')} rows={3} />
        <TextArea label="User" {...field('user')} rows={6} required hint="Tags: {{topic}}, {{#items}}…{{/items}}, {{^items}}…{{/items}}" />
        <TextArea label="Variables (JSON Schema)" {...field('input')} rows={6} code />
        <TextField label="Reason (kept in the audit)" {...field('reason')} />
        {problem && <Notice tone="bad">{problem}</Notice>}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Leave it</Button>
          <Button type="submit" tone="main">
            Save as the next version
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function formOf(prompt: Prompt | undefined) {
  return { name: prompt?.name ?? '', description: prompt?.description ?? '', system: prompt?.system ?? '', user: prompt?.user ?? '', input: JSON.stringify(prompt?.input ?? FIRST_INPUT, null, 2), reason: '' };
}

function bodyOf(form: ReturnType<typeof formOf>, prompt: Prompt | undefined): Record<string, unknown> {
  const kept = prompt ? { task: prompt.task, defaults: prompt.defaults } : {};
  return { ...kept, description: form.description, user: form.user, input: parseJson(form.input, 'The schema of the variables'), ...(form.system ? { system: form.system } : {}) };
}
