import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Approval, Page } from '@trivet/contracts';
import { getJson } from '../api/http.js';
import { PLACES } from './places.js';

/** The links to every page: beside the page where there is room, in a strip above it where there is not. */
export function Navigation() {
  const { data: approvals } = useQuery({ queryKey: ['approvals', 'open'], queryFn: ({ signal }) => getJson<Page<Approval>>('/api/v1/approvals', {}, signal) });
  const waiting = approvals?.items.length ?? 0;
  return (
    <nav aria-label="Pages" className="flex gap-0.5 overflow-x-auto border-b border-line bg-surface px-2 py-1 lg:sticky lg:top-14 lg:h-[calc(100vh-3.5rem)] lg:w-52 lg:shrink-0 lg:flex-col lg:overflow-y-auto lg:border-r lg:border-b-0 lg:py-3">
      {PLACES.map(({ to, label, key }) => (
        <Link key={to} to={to} search={{}} title={`g ${key}`} activeOptions={{ exact: to === '/', includeSearch: false }} className="rounded-md px-3 py-1.5 whitespace-nowrap text-muted hover:bg-raised hover:text-ink" activeProps={{ className: 'bg-raised font-semibold text-ink!' }}>
          {label}
          {to === '/approvals' && waiting > 0 && <span className="ml-2 rounded-full bg-warn px-1.5 text-xs text-page">{waiting}</span>}
        </Link>
      ))}
    </nav>
  );
}
