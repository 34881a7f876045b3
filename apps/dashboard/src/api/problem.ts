import type { Problem } from '@trivet/contracts';

/** What the server said instead of an answer. `problem` is its own words; absent when nothing, or no problem document, came back. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** The HTTP status; 0 when nobody answered. */
  readonly status: number;
  readonly problem: Problem | undefined;

  constructor(message: string, status: number, problem?: Problem) {
    super(message);
    this.status = status;
    this.problem = problem;
  }
}

export async function apiErrorOf(response: Response): Promise<ApiError> {
  const text = await response.text().catch(() => '');
  try {
    const problem: Problem = JSON.parse(text);
    if (typeof problem.code === 'string') return new ApiError(problem.detail || problem.title, response.status, problem);
  } catch {
    // Not a problem document: the status has to do.
  }
  return new ApiError(`The server answered ${response.status} ${response.statusText}.`, response.status);
}

/** One sentence for the reader, with the hint when there is one. */
export function sentenceOf(error: unknown): string {
  if (error instanceof ApiError) return error.problem?.hint ? `${error.message} ${error.problem.hint}` : error.message;
  return error instanceof Error ? error.message : String(error);
}
