import { SERVICES, type Service } from '@trivet/contracts';

/** How the three tiers lie on processes: all in one, one each, or several each behind one address. */
export const SHAPES = ['one', 'split', 'scaled'] as const;
export type Shape = (typeof SHAPES)[number];

/** What a process runs: one tier, or all three. */
export type Role = Service | 'one';

export interface Layout {
  shape: Shape;
  /** How many processes each tier has; read only where the shape is `scaled`. */
  replicas: Readonly<Record<Service, number>>;
}

export const DEFAULT_LAYOUT: Layout = { shape: 'split', replicas: { orchestrator: 1, executor: 1, model: 1 } };
/** Of each tier, where `scaled` is asked for and no number is given. */
export const DEFAULT_REPLICAS = 2;

/** A process of a layout; its name is what logs, notes and log files call it. */
export interface PlannedProcess {
  name: string;
  role: Role;
  /** Its place among the processes of the same role, from 0. */
  index: number;
}

/** Every process of a layout, orchestrators first. */
export function processesOf({ shape, replicas }: Layout): PlannedProcess[] {
  if (shape === 'one') return [{ name: 'one', role: 'one', index: 0 }];
  if (shape === 'split') return SERVICES.map((role) => ({ name: role, role, index: 0 }));
  return SERVICES.flatMap((role) => Array.from({ length: replicas[role] }, (_, index) => ({ name: `${role}-${index + 1}`, role, index })));
}

/** Whether a process of a layout bears this tier. */
export const bears = ({ role }: Pick<PlannedProcess, 'role'>, service: Service): boolean => role === service || role === 'one';
