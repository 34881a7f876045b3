import { Decimal } from 'decimal.js';

/** Exponents of metre, kilogram, second and bit. */
export type Dimension = readonly [length: number, mass: number, time: number, data: number];
export const PLAIN: Dimension = [0, 0, 0, 0];
const BASES = ['m', 'kg', 's', 'bit'] as const;

export interface Quantity {
  /** In the base units of its dimension. */
  amount: Decimal;
  dimension: Dimension;
}

const LENGTH: Dimension = [1, 0, 0, 0];
const VOLUME: Dimension = [3, 0, 0, 0];
const SPEED: Dimension = [1, 0, -1, 0];
const MASS: Dimension = [0, 1, 0, 0];
const TIME: Dimension = [0, 0, 1, 0];
const DATA: Dimension = [0, 0, 0, 1];
const FORCE: Dimension = [1, 1, -2, 0];
const PRESSURE: Dimension = [-1, 1, -2, 0];
const ENERGY: Dimension = [2, 1, -2, 0];
const POWER: Dimension = [2, 1, -3, 0];

/** The words of a unit, its size in base units as exact digits, its dimension. Pounds, feet and gallons are the international and the US ones. */
const TABLE: readonly (readonly [words: string, size: string, dimension: Dimension])[] = [
  ['m metre metres meter meters', '1', LENGTH],
  ['km', '1000', LENGTH],
  ['cm', '0.01', LENGTH],
  ['mm', '0.001', LENGTH],
  ['um', '0.000001', LENGTH],
  ['nm', '0.000000001', LENGTH],
  ['inch inches', '0.0254', LENGTH],
  ['ft foot feet', '0.3048', LENGTH],
  ['yd yard yards', '0.9144', LENGTH],
  ['mi mile miles', '1609.344', LENGTH],
  ['nmi', '1852', LENGTH],
  ['l L litre litres liter liters', '0.001', VOLUME],
  ['ml mL', '0.000001', VOLUME],
  ['gal gallon gallons', '0.003785411784', VOLUME],
  ['ha hectare hectares', '10000', [2, 0, 0, 0]],
  ['acre acres', '4046.8564224', [2, 0, 0, 0]],
  ['mph', '0.44704', SPEED],
  ['kg', '1', MASS],
  ['g', '0.001', MASS],
  ['mg', '0.000001', MASS],
  ['t tonne tonnes', '1000', MASS],
  ['lb lbs pound pounds', '0.45359237', MASS],
  ['oz ounce ounces', '0.028349523125', MASS],
  ['s sec second seconds', '1', TIME],
  ['ms', '0.001', TIME],
  ['us', '0.000001', TIME],
  ['min minute minutes', '60', TIME],
  ['h hour hours', '3600', TIME],
  ['d day days', '86400', TIME],
  ['week weeks', '604800', TIME],
  ['Hz', '1', [0, 0, -1, 0]],
  ['N', '1', FORCE],
  ['Pa', '1', PRESSURE],
  ['kPa', '1000', PRESSURE],
  ['bar', '100000', PRESSURE],
  ['J', '1', ENERGY],
  ['kJ', '1000', ENERGY],
  ['cal', '4.184', ENERGY],
  ['kcal', '4184', ENERGY],
  ['Wh', '3600', ENERGY],
  ['kWh', '3600000', ENERGY],
  ['W', '1', POWER],
  ['kW', '1000', POWER],
  ['MW', '1000000', POWER],
  ['bit bits', '1', DATA],
  ['B byte bytes', '8', DATA],
  ['kB', '8000', DATA],
  ['MB', '8000000', DATA],
  ['GB', '8000000000', DATA],
  ['TB', '8000000000000', DATA],
  ['KiB', '8192', DATA],
  ['MiB', '8388608', DATA],
  ['GiB', '8589934592', DATA],
  ['TiB', '8796093022208', DATA],
];

const UNITS = new Map<string, Quantity>(TABLE.flatMap(([words, size, dimension]) => words.split(' ').map((word) => [word, { amount: new Decimal(size), dimension }] as const)));

export const unitNamed = (name: string): Quantity | undefined => UNITS.get(name);
export const UNIT_NAMES: readonly string[] = TABLE.map(([words]) => words.split(' ', 1)[0] ?? words);

export const plain = (amount: Decimal): Quantity => ({ amount, dimension: PLAIN });
export const isPlain = ({ dimension }: Quantity): boolean => dimension.every((exponent) => exponent === 0);
export const isAlike = (left: Quantity, right: Quantity): boolean => left.dimension.every((exponent, index) => exponent === right.dimension[index]);

/** The dimension of left × right^sign, for sign 1 or -1; or of left^power with itself. */
export function combine(left: Dimension, right: Dimension, sign: number): Dimension {
  return [left[0] + sign * right[0], left[1] + sign * right[1], left[2] + sign * right[2], left[3] + sign * right[3]];
}

/** What a quantity is measured in, in base units: m/s^2 as 'm s^-2'. */
export function nameOf({ dimension }: Quantity): string {
  const parts = BASES.flatMap((base, index) => (dimension[index] === 0 ? [] : [dimension[index] === 1 ? base : `${base}^${dimension[index]}`]));
  return parts.length > 0 ? `the unit ${parts.join(' ')}` : 'no unit';
}
