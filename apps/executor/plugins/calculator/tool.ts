import { evaluateExpression } from './expression.js';

/** A JSON number where that loses nothing, otherwise the digits as text: 2^64 + 1 must not come back as 2^64. */
export function run({ expression }: { expression: string }): { value: number | string } {
  const value = evaluateExpression(expression);
  const number = value.toNumber();
  const isWholeButInexact = value.isInteger() && !value.equals(number);
  return { value: isWholeButInexact || !Number.isFinite(number) ? (value.isInteger() ? value.toFixed() : value.toString()) : number };
}
