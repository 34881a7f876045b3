import { z } from 'zod';

export const SCOPES = ['global', 'tenant', 'user', 'session', 'workflow'] as const;
export const Scope = z.enum(SCOPES).meta({ id: 'Scope', description: 'Whose account it is' });
export type Scope = z.infer<typeof Scope>;

export const WINDOWS = ['total', 'minute', 'hour', 'day', 'month'] as const;
export const Window = z.enum(WINDOWS).meta({ id: 'Window', description: 'The stretch of time a limit covers' });
export type Window = z.infer<typeof Window>;

/** The largest amount the ledger counts exactly: 2^53 − 1 tokens or nano-USD. */
export const MAX_AMOUNT = Number.MAX_SAFE_INTEGER;
export const Amount = z.number().int().min(0).max(MAX_AMOUNT);

export const NANO_USD_PER_USD = 1_000_000_000;

export const ON_EXCEED = ['stop', 'degrade', 'ask'] as const;

/** What a task may spend, as its submitter writes it. */
export const TaskBudget = z
  .strictObject({
    tokens: Amount.optional().describe('Upper bound of input and output tokens of all model calls together.'),
    costUsd: z.number().min(0).max(9_000_000).optional().describe('Upper bound of the cost of all model calls together, in USD.'),
    onExceed: z.enum(ON_EXCEED).optional().describe('What happens when a call does not fit: stop (the default), degrade to a smaller tier, or ask for approval.'),
  })
  .meta({ id: 'TaskBudget', description: 'What a task may spend' });
export type TaskBudget = z.infer<typeof TaskBudget>;

/** One window of an account. Absent limits mean: not limited. */
export const AccountWindow = z
  .object({
    window: Window,
    limitTokens: Amount.nullable(),
    usedTokens: Amount,
    heldTokens: Amount,
    limitNanoUsd: Amount.nullable(),
    usedNanoUsd: Amount,
    heldNanoUsd: Amount,
    resetsAt: z.string().nullable().describe('When the window ends (ISO 8601, UTC); null for total.'),
  })
  .meta({ id: 'AccountWindow', description: 'Limit, used and held of an account in one window' });
export type AccountWindow = z.infer<typeof AccountWindow>;

export const Account = z
  .object({ account: z.string().describe('<scope>/<id>'), windows: z.array(AccountWindow) })
  .meta({ id: 'Account', description: 'An account of the ledger' });
export type Account = z.infer<typeof Account>;

/** The body of PUT /api/v1/budgets/<scope>/<id>; null lifts a limit. */
export const AccountLimits = z
  .strictObject({
    windows: z
      .array(z.strictObject({ window: Window, limitTokens: Amount.nullable().optional(), limitNanoUsd: Amount.nullable().optional() }))
      .min(1)
      .max(WINDOWS.length),
  })
  .meta({ id: 'AccountLimits', description: 'New limits of an account' });
export type AccountLimits = z.infer<typeof AccountLimits>;

/** What a workflow's budget looks like from outside. */
export const BudgetState = z
  .object({
    limitTokens: Amount.nullable(),
    usedTokens: Amount,
    heldTokens: Amount,
    limitNanoUsd: Amount.nullable(),
    usedNanoUsd: Amount,
    heldNanoUsd: Amount,
  })
  .meta({ id: 'BudgetState', description: 'A workflow’s own account' });
export type BudgetState = z.infer<typeof BudgetState>;
