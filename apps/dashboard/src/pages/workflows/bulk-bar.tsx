import { useState } from 'react';
import { count } from '../../formatting/numbers.js';
import { Button } from '../../parts/button.js';
import type { Search } from '../../search.js';
import { VERBS, type Verb } from '../workflow/controls.js';
import { BulkDialog } from './bulk-dialog.js';

const NAMES: Verb[] = ['cancel', 'pause', 'resume', 'retry'];

/** What is done to the chosen workflows, or to all that match the filters. It stays in sight, and as high as it is, so that no row moves when one is chosen. */
export function BulkBar({ filters, chosen, onDone }: { filters: Search; chosen: string[]; onDone: () => void }) {
  const [verb, setVerb] = useState<Verb>();
  const [everyone, setEveryone] = useState(false);
  const nobody = chosen.length === 0 && !everyone;
  const whom = everyone ? 'all that match' : count(chosen.length, 'chosen workflow');
  const done = () => {
    setVerb(undefined);
    setEveryone(false);
    onDone();
  };
  return (
    <div role="group" aria-label="Many at once" className="sticky top-14 z-10 flex min-h-12 flex-wrap items-center gap-x-4 gap-y-2 rounded-lg border border-line bg-surface px-3 py-2">
      <span className={nobody ? 'text-muted' : 'font-medium'}>{nobody ? 'Choose rows (x)' : whom}</span>
      <label className="flex items-center gap-1.5">
        <input type="checkbox" checked={everyone} onChange={(event) => setEveryone(event.target.checked)} className="size-4" /> all that match
      </label>
      {chosen.length > 0 && !everyone && (
        <Button tone="quiet" onClick={onDone}>
          Choose none
        </Button>
      )}
      <span className={`flex-wrap gap-2 sm:ml-auto sm:flex ${nobody ? 'hidden' : 'flex'}`}>
        {NAMES.map((name) => (
          <Button key={name} disabled={nobody} tone={VERBS[name].danger ? 'danger' : 'plain'} onClick={() => setVerb(name)}>
            {VERBS[name].title}…
          </Button>
        ))}
      </span>
      {verb && <BulkDialog verb={verb} whom={whom} target={everyone ? { filters } : { ids: chosen }} onClose={() => setVerb(undefined)} onDone={done} />}
    </div>
  );
}
