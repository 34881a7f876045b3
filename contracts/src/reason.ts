import { z } from 'zod';

/** The most characters of a reason; a longer one in the header is cut. */
export const MOST_REASON = 1_000;

/** Why something is done. */
export const Reason = z.string().max(MOST_REASON).describe('Why; it stands in the audit.');
