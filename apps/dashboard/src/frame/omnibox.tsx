import { useNavigate } from '@tanstack/react-router';
import { useState, type FormEvent, type RefObject } from 'react';
import type { Workflow } from '@trivet/contracts';
import { getJson } from '../api/http.js';

const ID = /^[A-Za-z0-9_-]{1,64}$/;

/** Jumps to a workflow whose id is pasted; any other text filters the list. `/` puts the cursor here. */
export function Omnibox({ box }: { box: RefObject<HTMLInputElement | null> }) {
  const navigate = useNavigate();
  const [text, setText] = useState('');
  const go = async (event: FormEvent) => {
    event.preventDefault();
    const wanted = text.trim();
    if (!wanted) return;
    setText('');
    box.current?.blur();
    if (await isWorkflow(wanted)) await navigate({ to: '/workflows/$workflowId', params: { workflowId: wanted }, search: {} });
    else await navigate({ to: '/workflows', search: { q: wanted } });
  };
  return (
    <form role="search" className="min-w-0 flex-1" onSubmit={(event) => void go(event)}>
      <input ref={box} type="search" value={text} onChange={(event) => setText(event.target.value)} aria-label="Find a workflow by its id or goal" placeholder="Paste an id, or find a goal  ( / )" className="w-full max-w-md rounded-md border border-line bg-page px-3 py-1.5 placeholder:text-muted" />
    </form>
  );
}

async function isWorkflow(text: string): Promise<boolean> {
  if (!ID.test(text)) return false;
  return getJson<Workflow>(`/api/v1/workflows/${text}`).then(
    () => true,
    () => false,
  );
}
