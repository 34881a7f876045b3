import type { Workflow } from '@trivet/contracts';
import { useMemo } from 'react';
import { LongTable } from '../../parts/long-table.js';
import { columnsOf } from './columns.js';
import { useLiveRow } from './use-live-row.js';

interface WorkflowTableProps {
  workflows: readonly Workflow[];
  /** Those that the list itself follows, by id. */
  followed: ReadonlyMap<string, Workflow>;
  /** The row the keyboard is on. */
  cursor: string | undefined;
  /** Absent for a role that only reads. */
  choice: { chosen: ReadonlySet<string>; toggle: (id: string) => void; set: (ids: ReadonlySet<string>) => void } | undefined;
}

export function WorkflowTable({ workflows, followed, cursor, choice }: WorkflowTableProps) {
  const columns = useMemo(() => columnsOf(choice && { ...choice, all: workflows, setAll: (on) => choice.set(on ? new Set(workflows.map(idOf)) : new Set()) }), [choice?.chosen, choice === undefined, workflows]);
  return <LongTable<Workflow> label="Workflows" columns={columns} rows={workflows} rowKey={idOf} chosenKey={cursor} useRow={(workflow) => useLiveRow(workflow, followed.has(workflow.workflowId))} />;
}

const idOf = ({ workflowId }: Workflow): string => workflowId;
