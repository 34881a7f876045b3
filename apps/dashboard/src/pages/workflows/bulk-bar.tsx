import { useState } from 'react';
import { Button } from '../../parts/button.js';
import { count } from '../../formatting/numbers.js';
import type { Search } from '../../search.js';
import { VERBS, type Verb } from '../workflow/controls.js';
import { BulkDialog } from './bulk-dialog.js';

const NAMES: Verb[] = ['cancel', 'pause', 'resume', 'retry'];

/** What is done to the chosen workflows, or to all that match the filters. */
export function BulkBar({ filters, chosen, onDone }: { filters: Search; chosen: string[]; onDone: () => void }) {
  const [verb, setVerb] = useState<Verb>();
  const [everyone, setEveryone] = useState(false);
  const whom = everyone ? 'all that match' : count(chosen.length, 'chosen workflow');
  return (
    <div className="flex flex-wrap items-center gap-2 rounded-lg border border-line bg-surface px-3 py-2">
      <span className="text-muted">{chosen.length === 0 && !everyone ? 'Choose rows to act on many (x)' : whom}</span>
      <label className="flex items-center gap-1.5">
        <input type="checkbox" checked={everyone} onChange={(event) => setEveryone(event.target.checked)} /> all that match
      </label>
      <span className="ml-auto flex flex-wrap gap-2">
        {NAMES.map((name) => (
          <Button key={name} disabled={chosen.length === 0 && !everyone} tone={VERBS[name].danger ? 'danger' : 'plain'} onClick={() => setVerb(name)}>
            {VERBS[name].title}…
          </Button>
        ))}
      </span>
      {verb && (
        <BulkDialog
          verb={verb}
          whom={whom}
          target={everyone ? { filters } : { ids: chosen }}
          onClose={() => {
            setVerb(undefined);
            setEveryone(false);
            onDone();
          }}
        />
      )}
    </div>
  );
}
