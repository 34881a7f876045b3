import { Link } from '@tanstack/react-router';

/** The id of a workflow, as a way to it. */
export function WorkflowLink({ id }: { id: string }) {
  return (
    <Link to="/workflows/$workflowId" params={{ workflowId: id }} search={{}} className="font-mono text-xs text-accent underline underline-offset-2">
      {id}
    </Link>
  );
}
