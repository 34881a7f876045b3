import { Decimal } from 'decimal.js';
import { PLAIN, combine, isAlike, isPlain, nameOf, plain, type Quantity } from './units.js';

/** Enough digits that money stays exact. */
Decimal.set({ precision: 64, toExpNeg: -30, toExpPos: 64 });
/** Whole numbers stay exact up to this many digits: 1000! has 2,568. */
const MAX_DIGITS = 5000;
const Whole = Decimal.clone({ precision: MAX_DIGITS, toExpPos: MAX_DIGITS });
const MAX_FACTORIAL = 1000;
const MAX_EXPONENT = 100_000;

/** The left operand as one that computes exactly, where both are whole. */
const exactly = (left: Decimal, right: Decimal): Decimal => (left.isInteger() && right.isInteger() ? new Whole(left) : new Decimal(left));

/** A whole number that was rounded would look exact. */
function checked(amount: Decimal): Decimal {
  if (amount.isFinite() && amount.isInteger() && amount.e >= MAX_DIGITS) throw new Error(`A whole number of ${amount.e + 1} digits comes up; the limit is ${MAX_DIGITS}.`);
  return amount;
}

export function add(left: Quantity, right: Quantity, sign: 1 | -1): Quantity {
  if (!isAlike(left, right)) throw new Error(`A value with ${nameOf(left)} and one with ${nameOf(right)} cannot be ${sign === 1 ? 'added' : 'subtracted'}.`);
  return { amount: checked(exactly(left.amount, right.amount)[sign === 1 ? 'plus' : 'minus'](right.amount)), dimension: left.dimension };
}

export const multiply = (left: Quantity, right: Quantity): Quantity => ({ amount: checked(exactly(left.amount, right.amount).times(right.amount)), dimension: combine(left.dimension, right.dimension, 1) });

/** Whole numbers that divide without a rest do so exactly; all others to 64 digits. */
export function divide(left: Quantity, right: Quantity): Quantity {
  if (right.amount.isZero()) throw new Error('Division by zero.');
  const isWhole = left.amount.isInteger() && right.amount.isInteger() && new Whole(left.amount).mod(right.amount).isZero();
  return { amount: isWhole ? new Whole(left.amount).div(right.amount) : new Decimal(left.amount).div(right.amount), dimension: combine(left.dimension, right.dimension, -1) };
}

export function modulo(left: Quantity, right: Quantity): Quantity {
  if (right.amount.isZero()) throw new Error('Division by zero.');
  if (!isAlike(left, right)) throw new Error(`A value with ${nameOf(left)} cannot be divided by one with ${nameOf(right)} for the rest.`);
  return { amount: exactly(left.amount, right.amount).mod(right.amount), dimension: left.dimension };
}

export const negate = ({ amount, dimension }: Quantity): Quantity => ({ amount: amount.negated(), dimension });

export function power(base: Quantity, exponent: Quantity): Quantity {
  if (!isPlain(exponent)) throw new Error(`An exponent is a plain number; this one has ${nameOf(exponent)}.`);
  const times = exponent.amount;
  if (times.abs().greaterThan(MAX_EXPONENT)) throw new Error(`The exponent ${times.toString()} is over the limit of ${MAX_EXPONENT}.`);
  if (!isPlain(base) && !times.isInteger()) throw new Error(`A value with ${nameOf(base)} can only be raised to a whole number.`);
  // Told before it is computed: the digits of 9^99999 would take a second.
  const digits = base.amount.isInteger() && !base.amount.isZero() ? new Decimal(base.amount).abs().log(10).times(times) : new Decimal(0);
  if (digits.greaterThan(MAX_DIGITS)) throw new Error(`A whole number of ${digits.floor().plus(1).toString()} digits comes up; the limit is ${MAX_DIGITS}.`);
  const amount = times.isNegative() ? new Decimal(base.amount).pow(times) : exactly(base.amount, times).pow(times);
  return { amount, dimension: isPlain(base) ? PLAIN : combine(PLAIN, base.dimension, times.toNumber()) };
}

export function factorial(value: Quantity): Quantity {
  const { amount } = value;
  if (!isPlain(value) || !amount.isInteger() || amount.isNegative()) throw new Error('The factorial needs a whole number, zero or more.');
  if (amount.greaterThan(MAX_FACTORIAL)) throw new Error(`The factorial of ${amount.toString()} is over the limit of ${MAX_FACTORIAL}.`);
  let product = new Whole(1);
  for (let factor = 2; factor <= amount.toNumber(); factor += 1) product = product.times(factor);
  return plain(product);
}

/** How many of `unit` a value is. */
export function convert(value: Quantity, unit: Quantity): Decimal {
  if (!isAlike(value, unit)) throw new Error(`A value with ${nameOf(value)} cannot be given in one with ${nameOf(unit)}.`);
  return divide(value, unit).amount;
}
