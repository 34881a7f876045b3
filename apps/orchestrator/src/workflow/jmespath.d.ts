declare module 'jmespath' {
  type Value = string | number | boolean | null | Value[] | { [key: string]: Value };
  export function search(data: Value, expression: string): Value;
  /** Parses an expression; throws when it is not JMESPath. */
  export function compile(expression: string): object;
  const jmespath: { search: typeof search; compile: typeof compile };
  export default jmespath;
}
