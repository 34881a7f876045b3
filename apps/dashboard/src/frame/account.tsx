import { useQuery, useQueryClient } from '@tanstack/react-query';
import { send } from '../api/http.js';
import { sessionQuery } from '../api/session.js';
import { Button } from '../parts/button.js';

const ROLES = { read: 'read only', write: 'may write', admin: 'administrator' };

/** Whose tenant is looked at and as what; a way out where there was a way in. */
export function Account() {
  const client = useQueryClient();
  const { data: session } = useQuery(sessionQuery);
  if (!session) return null;
  const signOut = async () => {
    await send('/api/v1/session', { method: 'DELETE' });
    await client.resetQueries();
  };
  return (
    <div className="flex items-center gap-2 text-xs text-muted">
      <span className="hidden whitespace-nowrap md:inline">
        {session.tenant} · {session.keysConfigured ? ROLES[session.role] : 'no keys configured'}
      </span>
      {session.keysConfigured && (
        <Button tone="quiet" onClick={() => void signOut()}>
          Sign out
        </Button>
      )}
    </div>
  );
}
