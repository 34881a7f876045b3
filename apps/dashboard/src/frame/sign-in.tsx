import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { send } from '../api/http.js';
import { sentenceOf } from '../api/problem.js';
import { Button } from '../parts/button.js';
import { TextField } from '../parts/fields.js';
import { Notice } from '../parts/notice.js';

/** Asks for a key once keys are configured; the browser keeps a cookie that scripts cannot read, never the key. */
export function SignIn() {
  const client = useQueryClient();
  const [key, setKey] = useState('');
  const [problem, setProblem] = useState<string>();
  const signIn = async () => {
    try {
      await send('/api/v1/session', { method: 'POST', body: { key } });
      await client.invalidateQueries();
    } catch (error) {
      setProblem(sentenceOf(error));
    }
  };
  return (
    <main className="mx-auto mt-24 max-w-sm px-4">
      <form
        className="grid gap-4 rounded-lg border border-line bg-surface p-6"
        onSubmit={(event) => {
          event.preventDefault();
          void signIn();
        }}
      >
        <h1 className="text-xl font-semibold">Trivet</h1>
        <TextField label="API key" type="password" value={key} onChange={setKey} required placeholder="trv_…" hint="An administrator makes one: trivet keys create." />
        {problem && <Notice tone="bad">{problem}</Notice>}
        <Button type="submit" tone="main">
          Sign in
        </Button>
      </form>
    </main>
  );
}
