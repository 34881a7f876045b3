import { useQuery } from '@tanstack/react-query';
import type { Page, Template } from '@trivet/contracts';
import { getJson } from '../../api/http.js';
import { SelectField, TextField } from '../../parts/fields.js';
import { all, one, type Search } from '../../search.js';

/** What narrows the list; all of it stands in the address, so that a link shows the same. */
export function WorkflowFilters({ filters, onChange }: { filters: Search; onChange: (changes: Search) => void }) {
  const templates = useQuery({ queryKey: ['templates'], queryFn: ({ signal }) => getJson<Page<Template>>('/api/v1/templates', {}, signal), staleTime: 60_000 });
  const field = (name: string) => ({ value: one(filters[name]), onChange: (value: string) => onChange({ [name]: value }) });
  return (
    <div className="grid grid-cols-1 items-end gap-3 sm:grid-cols-2 xl:grid-cols-5">
      <TextField label="Text in goal or id" type="search" {...field('q')} />
      <SelectField label="Template" {...field('template')} options={[{ value: '', label: 'any' }, ...(templates.data?.items ?? []).map(({ name }) => ({ value: name, label: name }))]} />
      <TextField label="Labels, key=value" value={all(filters['label']).join(' ')} onChange={(value) => onChange({ label: value.split(' ') })} placeholder="team=research" />
      <TextField label="From" type="datetime-local" {...field('from')} />
      <TextField label="To" type="datetime-local" {...field('to')} />
    </div>
  );
}
