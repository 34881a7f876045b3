import { useQuery } from '@tanstack/react-query';
import { sessionQuery } from '../api/session.js';

/** Whose work is looked at. */
export function Account() {
  const { data: session } = useQuery(sessionQuery);
  return session ? <span className="hidden text-xs whitespace-nowrap text-muted md:inline">tenant {session.tenant}</span> : null;
}
