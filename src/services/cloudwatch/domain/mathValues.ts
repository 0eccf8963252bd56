// What metric math computes with. A series has values at some moments; what is computed of several has values where all have them.
import { MathError } from './mathParser.ts';
import type { Expression } from './mathParser.ts';

export interface Series {
  /** What a label says, and where it came from. */
  readonly label: string;
  readonly periodMs: number;
  readonly values: ReadonlyMap<number, number>;
}

/** Numbers, series, lists of series, and the words that functions take. */
export type MathValue = number | Series | readonly Series[] | string;

export interface MathContext {
  /** Of the query of this id; undefined when there is none. */
  readonly valueOf: (id: string) => MathValue | undefined;
  /** Every metric of the request whose id has this in it. */
  readonly metrics: (part: string) => readonly Series[];
  /** What SEARCH has found: it reads, so it is done before. */
  readonly found: (expression: Expression) => readonly Series[] | undefined;
  /** The start of every period of the request. */
  readonly moments: readonly number[];
  readonly periodMs: number;
}

/** Of two numbers. */
export type Operator = (a: number, b: number) => number;

/** The same of every value; what comes out as no number (a division by zero) is left out, as on AWS. */
export function mapValue(value: MathValue, change: (value: number, atMs: number) => number): MathValue {
  if (typeof value === 'string') throw new MathError(`'${value}' is no number.`);
  if (typeof value === 'number') return change(value, 0);
  if (isList(value)) return value.map((one) => mapSeries(one, change));
  return mapSeries(value, change);
}

export function mapSeries(series: Series, change: (value: number, atMs: number) => number): Series {
  const values = new Map<number, number>();
  for (const [atMs, value] of series.values) {
    const changed = change(value, atMs);
    if (Number.isFinite(changed)) values.set(atMs, changed);
  }
  return { ...series, values };
}

/** Numbers go with every value, series with each other where both have values, lists with each of theirs. */
export function combine(left: MathValue, right: MathValue, operator: Operator): MathValue {
  if (typeof left === 'string' || typeof right === 'string') throw new MathError('Text cannot be computed with.');
  if (typeof left === 'number' && typeof right === 'number') return operator(left, right);
  if (typeof right === 'number') return mapValue(left, (value) => operator(value, right));
  if (typeof left === 'number') return mapValue(right, (value) => operator(left, value));
  if (isList(left)) return left.flatMap((one) => asList(combine(one, right, operator)));
  if (isList(right)) return right.flatMap((one) => asList(combine(left, one, operator)));
  const values = new Map<number, number>();
  for (const [atMs, a] of left.values) {
    const b = right.values.get(atMs);
    const value = b === undefined ? NaN : operator(a, b);
    if (Number.isFinite(value)) values.set(atMs, value);
  }
  return { ...left, values };
}

export const isList = (value: MathValue): value is readonly Series[] => Array.isArray(value);

/** The series of a value. Throws for numbers and text. */
export function asList(value: MathValue): readonly Series[] {
  if (typeof value === 'number' || typeof value === 'string') throw new MathError('A metric was expected, not a constant.');
  return isList(value) ? value : [value];
}
