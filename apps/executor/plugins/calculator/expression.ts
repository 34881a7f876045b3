import { Decimal } from 'decimal.js';

/** Enough digits that money, powers of two and factorials of everyday size stay exact. */
Decimal.set({ precision: 64, toExpNeg: -30, toExpPos: 64 });
const MAX_LENGTH = 4000;
const MAX_DEPTH = 100;
const MAX_FACTORIAL = 1000;
const MAX_EXPONENT = 100_000;

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
  sum: many((...values) => values.reduce((total, value) => total.plus(value), new Decimal(0))),
  avg: many((...values) => values.reduce((total, value) => total.plus(value), new Decimal(0)).div(values.length)),
  pow: { arity: 2, apply: (base = new Decimal(0), exponent = new Decimal(0)) => power(base, exponent) },
  mod: { arity: 2, apply: (value = new Decimal(0), by = new Decimal(1)) => modulo(value, by) },
};

interface Token {
  kind: 'number' | 'name' | 'symbol' | 'end';
  text: string;
  at: number;
}

/** Evaluates an arithmetic expression with decimal numbers. Throws an Error that says what is wrong and where. */
export function evaluateExpression(expression: string): Decimal {
  if (expression.length > MAX_LENGTH) throw new Error(`The expression has ${expression.length} characters; the limit is ${MAX_LENGTH}.`);
  const parser = new ExpressionParser(tokenize(expression));
  const value = parser.sum(0);
  parser.expectEnd();
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
    if (number !== undefined) tokens.push({ kind: 'number', text: number.replaceAll('_', ''), at });
    else if (name !== undefined) tokens.push({ kind: 'name', text: name, at });
    else if (symbol !== undefined) tokens.push({ kind: 'symbol', text: SAME[symbol] ?? symbol, at });
    else throw new Error(`'${expression.slice(at).trim().charAt(0)}' at position ${at + 1} is not part of an expression.`);
  }
  return [...tokens, { kind: 'end', text: '', at: expression.length }];
}

const SAME: Record<string, string> = { '×': '*', '÷': '/', '−': '-', '**': '^' };

class ExpressionParser {
  private position = 0;
  constructor(private readonly tokens: readonly Token[]) {}

  sum(depth: number): Decimal {
    let value = this.product(depth);
    for (;;) {
      if (this.skip('+')) value = value.plus(this.product(depth));
      else if (this.skip('-')) value = value.minus(this.product(depth));
      else return value;
    }
  }

  expectEnd(): void {
    const token = this.peek();
    if (token.kind !== 'end') throw new Error(`'${token.text}' at position ${token.at + 1} is unexpected; an operator is missing before it.`);
  }

  private product(depth: number): Decimal {
    let value = this.unary(depth);
    for (;;) {
      if (this.skip('*')) value = value.times(this.unary(depth));
      else if (this.skip('/')) value = divide(value, this.unary(depth));
      else if (this.skip('%')) value = modulo(value, this.unary(depth));
      else return value;
    }
  }

  private unary(depth: number): Decimal {
    if (depth > MAX_DEPTH) throw new Error(`The expression is nested deeper than ${MAX_DEPTH} levels.`);
    if (this.skip('-')) return this.unary(depth + 1).negated();
    if (this.skip('+')) return this.unary(depth + 1);
    const base = this.postfix(depth);
    return this.skip('^') ? power(base, this.unary(depth + 1)) : base;
  }

  private postfix(depth: number): Decimal {
    let value = this.atom(depth);
    while (this.skip('!')) value = factorial(value);
    return value;
  }

  private atom(depth: number): Decimal {
    const token = this.next();
    if (token.kind === 'number') return new Decimal(token.text);
    if (token.kind === 'name') return this.name(token, depth);
    if (token.text === '(') {
      const value = this.sum(depth + 1);
      this.expect(')', token);
      return value;
    }
    if (token.kind === 'end') throw new Error('The expression ends where a number is expected.');
    throw new Error(`'${token.text}' at position ${token.at + 1} stands where a number is expected.`);
  }

  private name(token: Token, depth: number): Decimal {
    const constant = Object.hasOwn(CONSTANTS, token.text) ? CONSTANTS[token.text] : undefined;
    if (constant) return constant;
    const known = Object.hasOwn(FUNCTIONS, token.text) ? FUNCTIONS[token.text] : undefined;
    if (!known) throw new Error(`'${token.text}' is unknown; known are ${Object.keys(CONSTANTS).join(', ')} and ${Object.keys(FUNCTIONS).join(', ')}.`);
    this.expect('(', token);
    const values = [this.sum(depth + 1)];
    while (this.skip(',')) values.push(this.sum(depth + 1));
    this.expect(')', token);
    if (known.arity >= 0 && known.arity !== values.length) throw new Error(`${token.text} takes ${known.arity} value(s), not ${values.length}.`);
    return known.apply(...values);
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

function divide(value: Decimal, by: Decimal): Decimal {
  if (by.isZero()) throw new Error('Division by zero.');
  return value.div(by);
}

function modulo(value: Decimal, by: Decimal): Decimal {
  if (by.isZero()) throw new Error('Division by zero.');
  return value.mod(by);
}

function power(base: Decimal, exponent: Decimal): Decimal {
  if (exponent.abs().greaterThan(MAX_EXPONENT)) throw new Error(`The exponent ${exponent.toString()} is over the limit of ${MAX_EXPONENT}.`);
  return base.pow(exponent);
}

function factorial(value: Decimal): Decimal {
  if (!value.isInteger() || value.isNegative()) throw new Error('The factorial needs a whole number, zero or more.');
  if (value.greaterThan(MAX_FACTORIAL)) throw new Error(`The factorial of ${value.toString()} is over the limit of ${MAX_FACTORIAL}.`);
  let product = new Decimal(1);
  for (let factor = 2; factor <= value.toNumber(); factor += 1) product = product.times(factor);
  return product;
}
