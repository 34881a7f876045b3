import type { ErrorComponentProps } from '@tanstack/react-router';
import { sentenceOf } from '../api/problem.js';
import { Button } from '../parts/button.js';
import { Notice } from '../parts/notice.js';

/** A page that broke: the frame stays, the reader can try again. */
export function PageError({ error, reset }: ErrorComponentProps) {
  return (
    <Notice tone="bad">
      <p className="mb-2">This page broke: {sentenceOf(error)}</p>
      <Button onClick={reset}>Try again</Button>
    </Notice>
  );
}
