/**
 * Gives back the first `most` different values as they are and `other` for every further one, so that names people choose
 * (tools, models) cannot make the metrics grow without end.
 */
export function createBoundedLabel(most = 200): (value: string) => string {
  const known = new Set<string>();
  return (value) => {
    if (known.has(value)) return value;
    if (known.size >= most) return 'other';
    known.add(value);
    return value;
  };
}
