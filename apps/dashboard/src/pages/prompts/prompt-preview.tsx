import { Link } from '@tanstack/react-router';
import type { Prompt, PromptPreview } from '@trivet/contracts';
import { useState } from 'react';
import { send } from '../../api/http.js';
import { sentenceOf } from '../../api/problem.js';
import { count } from '../../formatting/numbers.js';
import { Button } from '../../parts/button.js';
import { Card } from '../../parts/card.js';
import { CodeBlock } from '../../parts/code-block.js';
import { Notice } from '../../parts/notice.js';
import { VariableFields, variablesOf, type Typed } from './variables.js';

/** What the prompt says with some variables; no model is asked. */
export function PromptPreviewCard({ prompt }: { prompt: Prompt }) {
  const [typed, setTyped] = useState<Typed>({});
  const [preview, setPreview] = useState<PromptPreview>();
  const [problem, setProblem] = useState<string>();
  const render = async () => {
    setProblem(undefined);
    try {
      setPreview(await send<PromptPreview>(`/api/v1/prompts/${prompt.name}/preview`, { method: 'POST', body: { version: prompt.version, variables: variablesOf(prompt, typed) } }));
    } catch (error) {
      setProblem(sentenceOf(error));
    }
  };
  return (
    <Card title="What it says">
      <form
        className="grid gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          void render();
        }}
      >
        <VariableFields prompt={prompt} typed={typed} onChange={setTyped} />
        <div className="flex flex-wrap items-center gap-3">
          <Button type="submit">Render</Button>
          <Link to="/prompts" search={{ tab: 'playground', prompt: `${prompt.name}@${prompt.version}` }} className="text-accent underline underline-offset-2">
            Ask models in the playground
          </Link>
        </div>
      </form>
      {problem && <Notice tone="bad">{problem}</Notice>}
      {preview && (
        <div className="grid gap-2">
          <p className="text-muted">About {count(preview.inputTokens, 'token')}.</p>
          {preview.messages.map((message, index) => (
            <CodeBlock key={index} label={message.role} text={typeof message.content === 'string' ? message.content : JSON.stringify(message.content, null, 2)} />
          ))}
        </div>
      )}
    </Card>
  );
}
