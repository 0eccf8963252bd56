// Text forms of the scalar types: labels, headers, query parameters, form fields, XML. Every reader is strict; undefined means "not of this type".

import type { Member, ScalarShape, TimestampFormat } from './model.ts';

const integerText = /^[+-]?\d{1,20}$/;
const decimalText = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?$/;

/** Least and greatest value of the integral types. Longs beyond 2^53 lose precision, as they do in every JavaScript client. */
export const integerRanges: Readonly<Record<string, readonly [number, number]>> = {
  byte: [-128, 127],
  short: [-32_768, 32_767],
  integer: [-2_147_483_648, 2_147_483_647],
  long: [-9_223_372_036_854_775_808, 9_223_372_036_854_775_807],
};

/** Reads one scalar from text; undefined when the text is not of the type. */
export function parseScalar(shape: ScalarShape, text: string, timestampFormat: TimestampFormat): unknown {
  switch (shape.type) {
    case 'string':
    case 'character':
      return text;
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : undefined;
    case 'byte':
    case 'short':
    case 'integer':
    case 'long':
      return integerText.test(text) ? inRange(shape.type, Number(text)) : undefined;
    case 'float':
    case 'double':
      return parseFloatText(text);
    case 'blob':
      return decodeBase64(text);
    case 'timestamp':
      return parseTimestamp(text, timestampFormat);
    case 'document':
      return text;
    default:
      return undefined;
  }
}

function inRange(type: string, value: number): number | undefined {
  const [least, greatest] = integerRanges[type] ?? [0, 0];
  return value >= least && value <= greatest ? value : undefined;
}

/** NaN and the infinities travel as words. */
export function parseFloatText(text: string): number | undefined {
  if (text === 'NaN') return Number.NaN;
  if (text === 'Infinity') return Number.POSITIVE_INFINITY;
  if (text === '-Infinity') return Number.NEGATIVE_INFINITY;
  return decimalText.test(text) ? Number(text) : undefined;
}

export function formatFloat(value: number): string {
  return String(value);
}

/** Writes one scalar as text. */
export function formatScalar(shape: ScalarShape, value: unknown, timestampFormat: TimestampFormat): string {
  if (typeof value === 'string') return value;
  if (value instanceof Date) return formatTimestamp(value, timestampFormat);
  if (value instanceof Uint8Array) return encodeBase64(value);
  if (shape.type === 'timestamp' && typeof value === 'number') return formatTimestamp(new Date(value * 1000), timestampFormat);
  return String(value);
}

/** Strict base64: padded, no white space, no URL-safe letters. Undefined when it is anything else. */
export function decodeBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0) return undefined;
  if (text.includes('-') || text.includes('_')) return undefined;
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const bytes = Buffer.from(text, 'base64');
  // Node skips what is not base64, so anything foreign shows as missing bytes; cheaper than a regular expression over a 50 MB archive.
  return bytes.byteLength === (text.length / 4) * 3 - padding ? bytes : undefined;
}

export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

const isoText = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;
const httpText = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d\d) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) (\d{4}) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))? GMT$/;
const monthNames = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

export function parseTimestamp(text: string, format: TimestampFormat): Date | undefined {
  if (format === 'epoch') {
    const seconds = decimalText.test(text) ? Number(text) : Number.NaN;
    return timestampOfSeconds(seconds);
  }
  return format === 'iso' ? parseIso(text) : parseHttpDate(text);
}

/** A Date from seconds since 1970, to the millisecond; undefined outside of what a Date can hold. */
export function timestampOfSeconds(seconds: number): Date | undefined {
  const date = new Date(Math.round(seconds * 1000));
  return Number.isNaN(date.getTime()) ? undefined : date;
}

function parseIso(text: string): Date | undefined {
  const match = isoText.exec(text);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second, fraction, sign, offsetHour, offsetMinute] = match;
  const ms = utcMs([year, month, day, hour, minute, second].map(Number), fraction);
  if (ms === undefined) return undefined;
  const offset = sign === undefined ? 0 : (Number(offsetHour) * 60 + Number(offsetMinute)) * 60_000;
  if (sign !== undefined && (Number(offsetHour) > 23 || Number(offsetMinute) > 59)) return undefined;
  return new Date(sign === '-' ? ms + offset : ms - offset);
}

function parseHttpDate(text: string): Date | undefined {
  const match = httpText.exec(text);
  if (!match) return undefined;
  const [, day, month = '', year, hour, minute, second, fraction] = match;
  const ms = utcMs([Number(year), monthNames.indexOf(month) + 1, Number(day), Number(hour), Number(minute), Number(second)], fraction);
  return ms === undefined ? undefined : new Date(ms);
}

// Date.UTC would roll 31 February over into March; a service refuses it.
function utcMs(parts: readonly number[], fraction: string | undefined): number | undefined {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts;
  if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 60) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1) return undefined;
  date.setUTCHours(hour, minute, second, fraction === undefined ? 0 : Math.floor(Number(`0.${fraction}`) * 1000 + 1e-6));
  return date.getTime();
}

export function formatTimestamp(date: Date, format: TimestampFormat): string {
  if (format === 'epoch') return String(date.getTime() / 1000);
  if (format === 'iso') return date.toISOString().replace('.000Z', 'Z');
  const fraction = date.getUTCMilliseconds();
  const text = date.toUTCString();
  return fraction === 0 ? text : text.replace(' GMT', `.${String(fraction).padStart(3, '0').replace(/0+$/, '')} GMT`);
}

/** The format a member uses: its own, its shape's, or the protocol's default for the place it travels in. */
export function timestampFormatOf(member: Member, fallback: TimestampFormat): TimestampFormat {
  return member.timestampFormat ?? fallback;
}
