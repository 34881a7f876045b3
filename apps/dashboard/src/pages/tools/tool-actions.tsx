import { useQueryClient } from '@tanstack/react-query';
import type { Tool } from '@trivet/contracts';
import { useState } from 'react';
import { send } from '../../api/http.js';
import { useRole } from '../../api/session.js';
import { Button } from '../../parts/button.js';
import { ConfirmDialog } from '../../parts/confirm-dialog.js';
import { toast } from '../../parts/toasts.js';

const VERBS = {
  disable: { title: 'Disable', about: 'Calls of it are refused until it is enabled again, also of workflows that run.', danger: true, method: 'POST', path: '/disable' },
  enable: { title: 'Enable', about: 'Calls of it are taken again.', danger: false, method: 'POST', path: '/enable' },
  remove: { title: 'Remove', about: 'It leaves the catalog; workflows pinned to it keep it.', danger: true, method: 'DELETE', path: '' },
} as const;

/** What an administrator can do with an uploaded tool; bundled ones come with the executor. */
export function ToolActions({ tool }: { tool: Tool }) {
  const client = useQueryClient();
  const { mayAdminister } = useRole();
  const [verb, setVerb] = useState<keyof typeof VERBS>();
  if (tool.bundled || !mayAdminister) return null;
  const act = async (reason: string) => {
    if (!verb) return;
    const { method, path, title } = VERBS[verb];
    await send(`/api/v1/tools/${tool.name}${path}`, { method, reason });
    toast(`${title}: ${tool.name}`);
    await client.invalidateQueries({ queryKey: ['tools'] });
  };
  const verbs: (keyof typeof VERBS)[] = [tool.disabled ? 'enable' : 'disable', 'remove'];
  return (
    <span className="flex gap-2">
      {verbs.map((name) => (
        <Button key={name} tone={VERBS[name].danger ? 'danger' : 'plain'} onClick={() => setVerb(name)}>
          {VERBS[name].title}
        </Button>
      ))}
      {verb && (
        <ConfirmDialog title={`${VERBS[verb].title} ${tool.name}?`} verb={VERBS[verb].title} danger={VERBS[verb].danger} onConfirm={act} onClose={() => setVerb(undefined)}>
          <p>{VERBS[verb].about}</p>
        </ConfirmDialog>
      )}
    </span>
  );
}
