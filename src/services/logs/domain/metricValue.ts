import { parseSelector } from './filter-pattern/jsonPattern.ts';
import { invalidParameter } from '../errors.ts';

const number = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;

/** What a metric filter reads from a message that its pattern matches: undefined when it is not there. */
export type FieldReader = (message: string, extracted: Readonly<Record<string, string>>) => string | undefined;

/** `$.a.b` names a property of a JSON message, `$name` a field of a space-delimited pattern (User Guide, "Configuring metric values"). */
export function readerOf(selector: string, pattern: string): FieldReader {
  const kind = pattern.trim().charAt(0);
  if (kind === '{' && selector.startsWith('$.')) {
    const select = parseSelector(selector);
    return (message) => {
      const value = select(message);
      return typeof value === 'string' ? value : typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
    };
  }
  if (kind === '[' && /^\$[\p{L}\p{N}_-]+$/u.test(selector)) return (_, extracted) => extracted[selector];
  throw invalidParameter(`Invalid metric transformation: ${selector} names no field of the filter pattern.`);
}

/** Reads the value of a metric: a number as it is given, or what the message holds; undefined for what is no number there. */
export function valueReaderOf(value: string, pattern: string): (message: string, extracted: Readonly<Record<string, string>>) => number | undefined {
  if (number.test(value)) return () => Number(value);
  if (!value.startsWith('$')) throw invalidParameter('Invalid metric transformation: the metric value must be a number or a field of the filter pattern.');
  const read = readerOf(value, pattern);
  return (message, extracted) => {
    const text = read(message, extracted);
    return text !== undefined && number.test(text) ? Number(text) : undefined;
  };
}
