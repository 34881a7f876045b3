/** Reads what somebody typed as JSON; the error names the field and where it breaks. */
export function parseJson(text: string, field: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${field} is not JSON: ${error instanceof Error ? error.message : String(error)}.`);
  }
}
