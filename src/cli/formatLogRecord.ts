import type { LogLevel, LogRecord } from '../base/log.ts';
import type { Style } from './style.ts';

const valueLengthMax = 2_000;

/** One log record as one line for a person: time, level, text, fields. */
export function formatLogRecord(record: LogRecord, nowMs: number, style: Style): string {
  const time = new Date(nowMs).toISOString().slice(11, 23);
  const paint: Record<LogLevel, (text: string) => string> = { debug: style.dim, info: (text) => text, warn: style.warning, error: style.bad };
  const fields = Object.entries(record.fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${style.dim(`${name}=`)}${formatValue(value)}`);
  return [style.dim(time), paint[record.level](record.level.padEnd(5)), record.text, ...fields].join(' ');
}

// Values come from requests: no control character of theirs may reach the terminal, nor may one record fill the screen.
function formatValue(value: unknown): string {
  const text = typeof value === 'string' ? value : value instanceof Error ? (value.stack ?? value.message) : safeJson(value);
  const shown = text.length > valueLengthMax ? `${text.slice(0, valueLengthMax)}…` : text;
  return /^[\x21\x23-\x7e]+$/.test(shown) ? shown : JSON.stringify(shown);
}

function safeJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}
