import { Link } from '@tanstack/react-router';
import { EmptyState } from '../parts/empty-state.js';

export function NotFound() {
  return (
    <EmptyState title="There is no such page.">
      <Link to="/workflows" search={{}} className="text-accent underline">
        To the workflows
      </Link>
    </EmptyState>
  );
}
