import { z } from 'zod';

const Thrown = z.object({ name: z.string().optional(), message: z.string().default(''), status: z.number().optional(), code: z.unknown().optional(), cause: z.unknown().optional() });
const NOT_INSTALLED = /Unable to import |Cannot find (package|module) /;

/** What LangChain throws, in the form that refusals are made from. */
export function readableError(error: unknown): unknown {
  const { data } = Thrown.safeParse(error);
  if (!data || data.status !== undefined) return error;
  // What the vendor said is below, where LangChain has an error of its own for it.
  const { data: below } = Thrown.safeParse(data.cause);
  if (below?.status !== undefined) return data.cause;
  // An answer in a form the vendor's class was not written for makes it trip; a connection that breaks has a cause.
  if (data.name === 'TypeError' && data.cause === undefined) return new SyntaxError(data.message);
  // LangChain makes a text of what is not an error of its own realm.
  return data.message.startsWith('SyntaxError: ') ? new SyntaxError(data.message) : error;
}

/** The vendor's class could not be had. */
export class VendorMissing extends Error {}

/** Says what to do when a vendor's package is not there, or when there is no such vendor. */
export function whyMissing(error: unknown, langchainProvider: string, packages: Readonly<Record<string, { package: string }>>): VendorMissing | null {
  const message = error instanceof Error || (typeof error === 'object' && error !== null && 'message' in error) ? String(error.message) : '';
  const wanted = Object.hasOwn(packages, langchainProvider) ? packages[langchainProvider]?.package : undefined;
  if (wanted === undefined) return new VendorMissing(`names the vendor ${langchainProvider}, which LangChain does not know; there are: ${Object.keys(packages).sort().join(', ')}.`);
  return NOT_INSTALLED.test(message) && message.includes(wanted) ? new VendorMissing(`needs a package that is not installed; install it with: npm install ${wanted}`) : null;
}
