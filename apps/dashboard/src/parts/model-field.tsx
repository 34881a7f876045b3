import { useQuery } from '@tanstack/react-query';
import { getJson } from '../api/http.js';
import { SelectField, TextField } from './fields.js';

interface ModelList {
  data: { id: string }[];
}

interface ModelFieldProps {
  label: string;
  value: string;
  onChange: (model: string) => void;
  /** What happens when none is chosen. */
  none: string;
}

/** One of the configured models, or none; a field to write in where they cannot be listed. */
export function ModelField({ label, value, onChange, none }: ModelFieldProps) {
  const { data } = useQuery({ queryKey: ['models'], queryFn: ({ signal }) => getJson<ModelList>('/v1/models', {}, signal), staleTime: 60_000 });
  // The list is for chat clients: tiers and templates stand in it too.
  const known = data?.data.map(({ id }) => id).filter((id) => !id.startsWith('trivet/')) ?? [];
  if (known.length === 0) return <TextField label={label} value={value} onChange={onChange} placeholder={none} />;
  return <SelectField label={label} value={value} onChange={onChange} options={[{ value: '', label: none }, ...known.map((id) => ({ value: id, label: id }))]} />;
}
