import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { Page, TaskAccepted, Template } from '@trivet/contracts';
import { getJson, send } from '../api/http.js';
import { parseJson } from '../api/parse-json.js';
import { sentenceOf } from '../api/problem.js';
import { Button } from '../parts/button.js';
import { CodeBlock } from '../parts/code-block.js';
import { Dialog } from '../parts/dialog.js';
import { SelectField, TextArea, TextField } from '../parts/fields.js';
import { Notice } from '../parts/notice.js';

/** Submits a task: a goal, a template (or the planner's choice), input and budget; or only shows the plan it would follow. */
export function SubmitDialog({ onClose, goal: firstGoal = '', template: firstTemplate = '' }: { onClose: () => void; goal?: string; template?: string }) {
  const navigate = useNavigate();
  const templates = useQuery({ queryKey: ['templates'], queryFn: ({ signal }) => getJson<Page<Template>>('/api/v1/templates', {}, signal), staleTime: 60_000 });
  const [goal, setGoal] = useState(firstGoal);
  const [template, setTemplate] = useState(firstTemplate);
  const [input, setInput] = useState('');
  const [tokens, setTokens] = useState('');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const [plan, setPlan] = useState<unknown>();
  const attempt = async (work: (task: Record<string, unknown>) => Promise<void>) => {
    setBusy(true);
    setProblem(undefined);
    try {
      await work(taskOf({ goal, template, input, tokens }));
    } catch (error) {
      setProblem(sentenceOf(error));
    }
    setBusy(false);
  };
  const submit = () =>
    attempt(async (task) => {
      const accepted = await send<TaskAccepted>('/api/v1/tasks', { method: 'POST', body: task });
      onClose();
      await navigate({ to: '/workflows/$workflowId', params: { workflowId: accepted.workflowId }, search: {} });
    });
  const showPlan = () => attempt(async (task) => setPlan(await send('/api/v1/tasks?dryRun=true', { method: 'POST', body: task })));
  return (
    <Dialog title="Submit a task" onClose={onClose} wide>
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <TextField label="Goal" value={goal} onChange={setGoal} required placeholder="Analyse Nimbus Robotics" />
        <SelectField label="Template" value={template} onChange={setTemplate} options={[{ value: '', label: 'let the planner choose' }, ...(templates.data?.items ?? []).map(({ name, description }) => ({ value: name, label: description ? `${name}: ${description}` : name }))]} />
        <TextArea label="Input (JSON, optional)" value={input} onChange={setInput} code rows={4} placeholder='{ "topic": "…" }' />
        <TextField label="Most tokens (optional)" type="number" value={tokens} onChange={setTokens} hint="A hard limit: a model call that could pass it is not made." />
        {problem && <Notice tone="bad">{problem}</Notice>}
        {plan !== undefined && <CodeBlock label="The plan" text={JSON.stringify(plan, null, 2)} />}
        <div className="flex flex-wrap justify-end gap-2">
          <Button busy={busy} onClick={() => void showPlan()}>
            Show the plan only
          </Button>
          <Button type="submit" tone="main" busy={busy}>
            Submit
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function taskOf(form: { goal: string; template: string; input: string; tokens: string }): Record<string, unknown> {
  const task: Record<string, unknown> = { goal: form.goal };
  if (form.template) task['template'] = form.template;
  if (form.input.trim()) task['input'] = parseJson(form.input, 'The input');
  if (form.tokens) task['budget'] = { tokens: Number(form.tokens) };
  return task;
}
