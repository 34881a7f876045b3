/** The pages that have a link in the frame, in its order; `key`: pressed after g. */
export const PLACES = [
  { to: '/', label: 'Overview', key: 'o' },
  { to: '/workflows', label: 'Workflows', key: 'w' },
  { to: '/workers', label: 'Workers and queues', key: 'k' },
  { to: '/budgets', label: 'Budgets', key: 'b' },
  { to: '/tools', label: 'Tools', key: 't' },
  { to: '/prompts', label: 'Prompts', key: 'p' },
  { to: '/approvals', label: 'Approvals', key: 'a' },
  { to: '/schedules', label: 'Schedules', key: 's' },
  { to: '/audit', label: 'Audit', key: 'u' },
  { to: '/connect', label: 'Connect', key: 'c' },
] as const;
