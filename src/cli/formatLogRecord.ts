import type { LogLevel, LogRecord } from '../base/log.ts';
import type { Style } from './style.ts';

const valueLengthMax = 2_000;

// What these fields hold is meant to be copied: a line of its own, without quotes around it.
const copied = ['remedy', 'command'];

/** One log record for a person: time, level, text and fields on one line, and a remedy, if there is one, on the next. */
export function formatLogRecord(record: LogRecord, nowMs: number, style: Style): string {
  const time = new Date(nowMs).toISOString().slice(11, 23);
  const paint: Record<LogLevel, (text: string) => string> = { debug: style.dim, info: (text) => text, warn: style.warning, error: style.bad };
  const fields = Object.entries(record.fields)
    .filter(([name, value]) => value !== undefined && !isCopied(name, value))
    .map(([name, value]) => `${style.dim(`${name}=`)}${formatValue(value)}`);
  const remedies = Object.entries(record.fields).filter(([name, value]) => isCopied(name, value));
  const line = [style.dim(time), paint[record.level](record.level.padEnd(5)), record.text, ...fields].join(' ');
  return [line, ...remedies.map(([, value]) => `${' '.repeat(19)}${style.dim('->')} ${String(value)}`)].join('\n');
}

function isCopied(name: string, value: unknown): boolean {
  return copied.includes(name) && typeof value === 'string' && value.length <= valueLengthMax && /^[\x20-\x7e]+$/.test(value);
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
