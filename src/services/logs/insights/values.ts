import type { Value } from './syntax.ts';

const numeric = /^\s*[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\s*$/;

/** Longer texts that functions make are cut off. */
const madeTextMax = 256 * 1024;

/** Undefined for what is no number and does not read like one. */
export function numberOf(value: Value): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && value.length <= 64 && numeric.test(value) ? Number(value) : undefined;
}

/** How a value is written in results. */
export function textOf(value: Value): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : undefined;
  return JSON.stringify(value);
}

export const cutMade = (text: string): string => (text.length > madeTextMax ? text.slice(0, madeTextMax) : text);

export const isTrue = (value: Value): boolean => value !== undefined && value !== 0 && value !== '' && value !== 'false';

export const truth = (holds: boolean): number => (holds ? 1 : 0);

/** Negative, zero or positive; numbers by their size, before texts; what is missing comes last in both directions of AWS's sort. */
export function compareValues(a: Value, b: Value): number {
  const [x, y] = [numberOf(a), numberOf(b)];
  if (x !== undefined && y !== undefined) return x - y;
  if (x !== undefined) return -1;
  if (y !== undefined) return 1;
  const [s, t] = [textOf(a) ?? '', textOf(b) ?? ''];
  return s < t ? -1 : s > t ? 1 : 0;
}

export function equalValues(a: Value, b: Value): boolean {
  if (a === undefined || b === undefined) return false;
  const [x, y] = [numberOf(a), numberOf(b)];
  if (x !== undefined && y !== undefined) return x === y;
  return textOf(a) === textOf(b);
}

/** As results write times: `2026-01-31 08:00:00.000`. */
export const formatTime = (ms: number): string => (Number.isFinite(ms) && Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString().replace('T', ' ').replace('Z', '') : String(ms));

/** Milliseconds of a time in any form that this language writes. */
export function timeOf(value: Value): number | undefined {
  const number = numberOf(value);
  if (number !== undefined) return number;
  if (typeof value !== 'string' || !/^[0-9]{4}-[0-9]{2}-[0-9]{2}/.test(value)) return undefined;
  const ms = Date.parse(/(?:Z|[+-][0-9]{2}:?[0-9]{2})$/.test(value) ? value : `${value.replace(' ', 'T')}Z`);
  return Number.isNaN(ms) ? undefined : ms;
}
