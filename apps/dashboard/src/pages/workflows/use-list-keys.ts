import { useNavigate } from '@tanstack/react-router';
import type { Workflow } from '@trivet/contracts';
import { useEffect, useState } from 'react';
import { isTyping } from '../../frame/keyboard.js';

/** j and k move over the rows, Enter opens, x chooses. @returns the id of the row the cursor is on */
export function useListKeys(rows: readonly Workflow[], toggle: ((id: string) => void) | undefined): string | undefined {
  const navigate = useNavigate();
  const [cursor, setCursor] = useState<string>();
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      const at = rows.findIndex(({ workflowId }) => workflowId === cursor);
      const step = event.key === 'j' ? 1 : event.key === 'k' ? -1 : 0;
      if (step !== 0) setCursor(rows[Math.max(0, Math.min(rows.length - 1, at + step))]?.workflowId);
      else if (event.key === 'x' && cursor) toggle?.(cursor);
      else if (event.key === 'Enter' && cursor && event.target === document.body) void navigate({ to: '/workflows/$workflowId', params: { workflowId: cursor }, search: {} });
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [rows, cursor, toggle, navigate]);
  return cursor;
}
