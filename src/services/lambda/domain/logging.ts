// How a function's logs are written and which of them are kept.
// https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-advanced.html
import type { LoggingConfig } from '@aws-sdk/client-lambda';
import { errors } from '../errors.ts';

export type ApplicationLogLevel = 'TRACE' | 'DEBUG' | 'INFO' | 'WARN' | 'ERROR' | 'FATAL';
export type SystemLogLevel = 'DEBUG' | 'INFO' | 'WARN';

/** Levels exist for the JSON format only; a function without this logs text. */
export interface JsonLogging {
  readonly applicationLevel: ApplicationLogLevel;
  readonly systemLevel: SystemLogLevel;
}

// The most detailed first.
const order: readonly ApplicationLogLevel[] = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];

/** Whether a log of one level is kept where `lowest` is the most detailed wanted. */
export const isKept = (level: ApplicationLogLevel, lowest: ApplicationLogLevel): boolean => order.indexOf(level) >= order.indexOf(lowest);

/** The logging after a request that names some of it; `old` is what it was. Both levels are INFO unless somebody says otherwise. */
export function requireLogging(given: LoggingConfig, old: JsonLogging | undefined): JsonLogging | undefined {
  const { LogFormat = old === undefined ? 'Text' : 'JSON', ApplicationLogLevel, SystemLogLevel } = given;
  if (LogFormat === 'Text') {
    if (ApplicationLogLevel === undefined && SystemLogLevel === undefined) return undefined;
    throw errors.invalidParameter(
      'LogLevel is not supported when LogFormat is set to "Text". Remove LogLevel from your request or change the LogFormat to "JSON" and try again.',
    );
  }
  return {
    applicationLevel: ApplicationLogLevel ?? old?.applicationLevel ?? 'INFO',
    systemLevel: SystemLogLevel ?? old?.systemLevel ?? 'INFO',
  };
}

/** As answers show it. */
export const describeLogging = (logGroupName: string, logging: JsonLogging | undefined): LoggingConfig =>
  logging === undefined
    ? { LogFormat: 'Text', LogGroup: logGroupName }
    : { LogFormat: 'JSON', ApplicationLogLevel: logging.applicationLevel, SystemLogLevel: logging.systemLevel, LogGroup: logGroupName };

const names: Readonly<Record<string, ApplicationLogLevel>> = {
  ...Object.fromEntries(order.map((level) => [level, level])),
  // Python's names.
  WARNING: 'WARN',
  CRITICAL: 'FATAL',
};

/**
 * The level of something that a function wrote: what a JSON object with a valid time says, INFO for everything else.
 * https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
 */
export function levelOf(text: string): ApplicationLogLevel {
  if (!text.startsWith('{')) return 'INFO';
  try {
    const record = JSON.parse(text) as { readonly level?: unknown; readonly timestamp?: unknown; readonly time?: unknown };
    const { level, timestamp = record.time } = record;
    if (typeof level !== 'string' || typeof timestamp !== 'string' || !rfc3339.test(timestamp)) return 'INFO';
    const name = level.toUpperCase();
    return (Object.hasOwn(names, name) ? names[name] : undefined) ?? 'INFO';
  } catch {
    return 'INFO';
  }
}

const rfc3339 = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;
