declare module 'jmespath' {
  type Value = string | number | boolean | null | Value[] | { [key: string]: Value };
  export function search(data: Value, expression: string): Value;
  /** Parses an expression; throws when it is not JMESPath. */
  export function compile(expression: string): Node;
  /** A node of the syntax tree; hash members are nodes whose `value` is a node. */
  export interface Node {
    type: string;
    children?: Node[];
    value?: unknown;
  }
  const jmespath: { search: typeof search; compile: typeof compile };
  namespace jmespath {
    export type { Node };
  }
  export default jmespath;
}
