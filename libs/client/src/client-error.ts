import type { FailureCode, Problem } from '@trivet/contracts';

/** Why a call to Trivet did not succeed. `problem` is the server's own words; absent when no server answered. */
export class ClientError extends Error {
  override readonly name = 'ClientError';
  /** A code of the failure table, or `unreachable` (nobody listens, or no answer in time). */
  readonly code: FailureCode | 'unreachable';
  /** The HTTP status; 0 when there was no answer. */
  readonly status: number;
  readonly problem: Problem | undefined;

  constructor(details: { message: string; code: FailureCode | 'unreachable'; status?: number; problem?: Problem; cause?: unknown }) {
    super(details.message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = details.code;
    this.status = details.status ?? 0;
    this.problem = details.problem;
  }
}

/** What a response that is not a success says. */
export async function errorOf(response: Response): Promise<ClientError> {
  const text = await response.text().catch(() => '');
  const problem = readProblem(text);
  if (problem) return new ClientError({ message: problem.detail || problem.title, code: problem.code, status: response.status, problem });
  return new ClientError({ message: `${response.url} answered ${response.status} ${response.statusText}${text ? `: ${text.slice(0, 200)}` : ''}`, code: response.status === 404 ? 'not_found' : 'internal', status: response.status });
}

export function unreachable(url: string, cause: unknown): ClientError {
  const reason = cause instanceof Error ? (cause.cause instanceof Error ? cause.cause.message : cause.message) : String(cause);
  return new ClientError({ message: `nothing answers at ${url} (${reason})`, code: 'unreachable', cause });
}

function readProblem(text: string): Problem | undefined {
  try {
    const body: Problem = JSON.parse(text);
    return typeof body === 'object' && body !== null && typeof body.code === 'string' ? body : undefined;
  } catch {
    return undefined;
  }
}
