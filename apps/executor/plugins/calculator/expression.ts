import { Decimal } from 'decimal.js';
import { add, convert, divide, factorial, modulo, multiply, negate, power } from './arithmetic.js';
import { UNIT_NAMES, isAlike, isPlain, nameOf, plain, unitNamed, type Quantity } from './units.js';

const MAX_LENGTH = 4000;
const MAX_DEPTH = 100;

const CONSTANTS: Record<string, Decimal> = { pi: Decimal.acos(-1), e: Decimal.exp(1), tau: Decimal.acos(-1).times(2) };

type Operation = (...values: Decimal[]) => Decimal;
const one = (apply: (value: Decimal) => Decimal): { arity: number; apply: Operation } => ({ arity: 1, apply: (value = new Decimal(0)) => apply(value) });
const many = (apply: Operation): { arity: number; apply: Operation } => ({ arity: -1, apply });
const FUNCTIONS: Record<string, { arity: number; apply: Operation }> = {
  sqrt: one((value) => value.sqrt()),
  cbrt: one((value) => value.cbrt()),
  abs: one((value) => value.abs()),
  round: { arity: -1, apply: (value = new Decimal(0), places = new Decimal(0)) => value.toDecimalPlaces(places.toNumber(), Decimal.ROUND_HALF_UP) },
  floor: one((value) => value.floor()),
  ceil: one((value) => value.ceil()),
  trunc: one((value) => value.trunc()),
  sign: one((value) => new Decimal(value.isZero() ? 0 : value.isNegative() ? -1 : 1)),
  exp: one((value) => value.exp()),
  ln: one((value) => value.ln()),
  log: { arity: -1, apply: (value = new Decimal(1), base) => (base ? value.log(base) : value.ln()) },
  log10: one((value) => value.log(10)),
  log2: one((value) => value.log(2)),
  sin: one((value) => value.sin()),
  cos: one((value) => value.cos()),
  tan: one((value) => value.tan()),
  asin: one((value) => value.asin()),
  acos: one((value) => value.acos()),
  atan: one((value) => value.atan()),
  min: many((...values) => Decimal.min(...values)),
  max: many((...values) => Decimal.max(...values)),
  sum: many((...values) => values.reduce((total, value) => add(plain(total), plain(value), 1).amount)),
  avg: many((...values) => values.reduce((total, value) => total.plus(value), new Decimal(0)).div(values.length)),
  pow: { arity: 2, apply: (base = new Decimal(0), exponent = new Decimal(0)) => power(plain(base), plain(exponent)).amount },
  mod: { arity: 2, apply: (value = new Decimal(0), by = new Decimal(1)) => modulo(plain(value), plain(by)).amount },
};

/** These take values with a unit too, all of one kind, and give one of that kind. */
const UNITED = new Set(['abs', 'min', 'max', 'sum', 'avg']);

interface Token {
  kind: 'number' | 'name' | 'symbol' | 'end';
  text: string;
  at: number;
}

/**
 * Evaluates an arithmetic expression with decimal numbers and units. Values with a unit need `in` and the unit that is
 * wanted at the end. Throws an Error that says what is wrong and where.
 */
export function evaluateExpression(expression: string): Decimal {
  if (expression.length > MAX_LENGTH) throw new Error(`The expression has ${expression.length} characters; the limit is ${MAX_LENGTH}.`);
  const parser = new ExpressionParser(tokenize(expression));
  const quantity = parser.sum(0);
  const wanted = parser.wantedUnit();
  parser.expectEnd();
  if (!wanted && !isPlain(quantity)) throw new Error(`The result has ${nameOf(quantity)}; say in which unit it is wanted, as in '3 km in miles'.`);
  const value = wanted ? convert(quantity, wanted) : quantity.amount;
  if (value.isNaN()) throw new Error('The result is not a real number.');
  if (!value.isFinite()) throw new Error('The result is too large.');
  return value;
}

function tokenize(expression: string): Token[] {
  const pattern = /\s*(?:(\d[\d_]*\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|([A-Za-z]\w*)|(\*\*|[-+*/%^!(),×÷−]))/y;
  const tokens: Token[] = [];
  while (pattern.lastIndex < expression.trimEnd().length) {
    const at = pattern.lastIndex;
    const [, number, name, symbol] = pattern.exec(expression) ?? [];
    const place = (text: string): number => pattern.lastIndex - text.length;
    if (number !== undefined) tokens.push({ kind: 'number', text: number.replaceAll('_', ''), at: place(number) });
    else if (name !== undefined) tokens.push({ kind: 'name', text: name, at: place(name) });
    else if (symbol !== undefined) tokens.push({ kind: 'symbol', text: SAME[symbol] ?? symbol, at: place(symbol) });
    else throw new Error(`'${expression.slice(at).trim().charAt(0)}' at position ${expression.length - expression.slice(at).trimStart().length + 1} is not part of an expression.`);
  }
  return [...tokens, { kind: 'end', text: '', at: expression.length }];
}

const SAME: Record<string, string> = { '×': '*', '÷': '/', '−': '-', '**': '^' };

class ExpressionParser {
  private position = 0;
  constructor(private readonly tokens: readonly Token[]) {}

  sum(depth: number): Quantity {
    let value = this.product(depth);
    for (;;) {
      if (this.skip('+')) value = add(value, this.product(depth), 1);
      else if (this.skip('-')) value = add(value, this.product(depth), -1);
      else return value;
    }
  }

  /** What stands behind `in` or `to`: a unit, or several with * and /. */
  wantedUnit(): Quantity | null {
    const token = this.peek();
    if (token.kind !== 'name' || (token.text !== 'in' && token.text !== 'to')) return null;
    this.position += 1;
    return this.product(0);
  }

  expectEnd(): void {
    const token = this.peek();
    if (token.kind !== 'end') throw new Error(`'${token.text}' at position ${token.at + 1} is unexpected; an operator is missing before it.`);
  }

  private product(depth: number): Quantity {
    let value = this.unary(depth);
    for (;;) {
      if (this.skip('*')) value = multiply(value, this.unary(depth));
      else if (this.skip('/')) value = divide(value, this.unary(depth));
      else if (this.skip('%')) value = modulo(value, this.unary(depth));
      else return value;
    }
  }

  private unary(depth: number): Quantity {
    if (depth > MAX_DEPTH) throw new Error(`The expression is nested deeper than ${MAX_DEPTH} levels.`);
    if (this.skip('-')) return negate(this.unary(depth + 1));
    if (this.skip('+')) return this.unary(depth + 1);
    const base = this.postfix(depth);
    return this.skip('^') ? power(base, this.unary(depth + 1)) : base;
  }

  private postfix(depth: number): Quantity {
    let value = this.atom(depth);
    while (this.skip('!')) value = factorial(value);
    const unit = this.unit(depth);
    return unit ? multiply(value, unit) : value;
  }

  /** A unit directly behind a value. Its own exponent belongs to it alone: 3 m^2 are three square metres. */
  private unit(depth: number): Quantity | null {
    const { kind, text } = this.peek();
    const unit = kind === 'name' ? unitNamed(text) : undefined;
    if (!unit || this.tokens[this.position + 1]?.text === '(') return null;
    this.position += 1;
    return this.skip('^') ? power(unit, this.unary(depth + 1)) : unit;
  }

  private atom(depth: number): Quantity {
    const token = this.next();
    if (token.kind === 'number') return plain(new Decimal(token.text));
    if (token.kind === 'name') return this.name(token, depth);
    if (token.text === '(') {
      const value = this.sum(depth + 1);
      this.expect(')', token);
      return value;
    }
    if (token.kind === 'end') throw new Error('The expression ends where a number is expected.');
    throw new Error(`'${token.text}' at position ${token.at + 1} stands where a number is expected.`);
  }

  private name(token: Token, depth: number): Quantity {
    const constant = Object.hasOwn(CONSTANTS, token.text) ? CONSTANTS[token.text] : undefined;
    if (constant) return plain(constant);
    const unit = unitNamed(token.text);
    if (unit && this.peek().text !== '(') return unit;
    const known = Object.hasOwn(FUNCTIONS, token.text) ? FUNCTIONS[token.text] : undefined;
    if (!known) throw new Error(`'${token.text}' is unknown; known are ${Object.keys(CONSTANTS).join(', ')}, ${Object.keys(FUNCTIONS).join(', ')} and the units ${UNIT_NAMES.join(', ')}.`);
    this.expect('(', token);
    const values = [this.sum(depth + 1)];
    while (this.skip(',')) values.push(this.sum(depth + 1));
    this.expect(')', token);
    if (known.arity >= 0 && known.arity !== values.length) throw new Error(`${token.text} takes ${known.arity} value(s), not ${values.length}.`);
    const [first] = values;
    const odd = values.find((value) => (UNITED.has(token.text) && first ? !isAlike(value, first) : !isPlain(value)));
    if (odd) throw new Error(`${token.text} takes ${UNITED.has(token.text) ? 'values of one kind' : 'plain numbers'}; one of them has ${nameOf(odd)}.`);
    return { amount: known.apply(...values.map(({ amount }) => new Decimal(amount))), dimension: first?.dimension ?? plain(new Decimal(0)).dimension };
  }

  private peek(): Token {
    return this.tokens[this.position] ?? { kind: 'end', text: '', at: 0 };
  }

  private next(): Token {
    const token = this.peek();
    this.position += 1;
    return token;
  }

  private skip(symbol: string): boolean {
    const token = this.peek();
    if (token.kind !== 'symbol' || token.text !== symbol) return false;
    this.position += 1;
    return true;
  }

  private expect(symbol: string, opener: Token): void {
    if (!this.skip(symbol)) throw new Error(`'${symbol}' is missing after '${opener.text}' at position ${opener.at + 1}.`);
  }
}
