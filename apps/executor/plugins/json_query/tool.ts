import { search, type JSONValue } from '@jmespath-community/jmespath';

export function run({ expression, data }: { expression: string; data: JSONValue }): { value: JSONValue } {
  return { value: search(data, expression) ?? null };
}
