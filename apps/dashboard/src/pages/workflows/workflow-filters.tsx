import { useQuery } from '@tanstack/react-query';
import type { Page, Template } from '@trivet/contracts';
import { useState } from 'react';
import { getJson } from '../../api/http.js';
import { Button } from '../../parts/button.js';
import { SelectField, TextField } from '../../parts/fields.js';
import { all, one, type Search } from '../../search.js';
import { LabelFilter } from './label-filter.js';
import { countFilters } from './list-query.js';

/** What narrows the list; all of it stands in the address, so that a link shows the same. On a phone it opens when asked. */
export function WorkflowFilters({ filters, onChange }: { filters: Search; onChange: (changes: Search) => void }) {
  const [open, setOpen] = useState(false);
  const templates = useQuery({ queryKey: ['templates'], queryFn: ({ signal }) => getJson<Page<Template>>('/api/v1/templates', {}, signal), staleTime: 60_000 });
  const field = (name: string) => ({ value: one(filters[name]), onChange: (value: string) => onChange({ [name]: value }) });
  const set = countFilters(filters);
  return (
    <>
      <div className="sm:hidden">
        <Button aria-expanded={open} aria-controls="workflow-filters" onClick={() => setOpen(!open)}>
          Filters{set > 0 ? ` (${set})` : ''} <span aria-hidden>{open ? '▴' : '▾'}</span>
        </Button>
      </div>
      <div id="workflow-filters" className={`grid-cols-1 items-start gap-3 sm:grid sm:grid-cols-2 xl:grid-cols-5 ${open ? 'grid' : 'hidden'}`}>
        <TextField label="Text in goal or id" type="search" {...field('q')} />
        <SelectField label="Template" {...field('template')} options={[{ value: '', label: 'any' }, ...(templates.data?.items ?? []).map(({ name }) => ({ value: name, label: name }))]} />
        <LabelFilter labels={all(filters['label']).filter(Boolean)} onChange={(label) => onChange({ label })} />
        <TextField label="From" type="datetime-local" {...field('from')} />
        <TextField label="To" type="datetime-local" {...field('to')} />
      </div>
    </>
  );
}
