import type { LogRecord } from '../base/log.ts';

const stringLengthMax = 8_000;

/** One log record for a program: a line of JSON with `time`, `level`, `text` and `fields`. */
export function formatLogJson({ level, text, fields }: LogRecord, nowMs: number): string {
  const head = { time: new Date(nowMs).toISOString(), level, text };
  try {
    return JSON.stringify({ ...head, fields }, simplify);
  } catch {
    // A cycle, or a getter that throws: the record still tells what happened.
    return JSON.stringify({ ...head, fields: { unreadable: Object.keys(fields).join(', ').slice(0, stringLengthMax) } });
  }
}

function simplify(_name: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Error) return shorten(value.stack ?? value.message);
  return typeof value === 'string' ? shorten(value) : value;
}

function shorten(text: string): string {
  return text.length > stringLengthMax ? `${text.slice(0, stringLengthMax)}…` : text;
}
