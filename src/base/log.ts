export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFields = Readonly<Record<string, unknown>>;

/** Static text, values as fields: `log.warn('delivery rejected', { arn, code })`. */
export interface Logger {
  debug(text: string, fields?: LogFields): void;
  info(text: string, fields?: LogFields): void;
  warn(text: string, fields?: LogFields): void;
  error(text: string, fields?: LogFields): void;
  /** A logger that adds `fields` to every record. */
  with(fields: LogFields): Logger;
}

export interface LogRecord {
  readonly level: LogLevel;
  readonly text: string;
  readonly fields: LogFields;
}

const order: Readonly<Record<LogLevel, number>> = { debug: 10, info: 20, warn: 30, error: 40 };

/** A logger that hands every record at or above `minimum` to `write`. */
export function createLogger(write: (record: LogRecord) => void, minimum: LogLevel = 'info', base: LogFields = {}): Logger {
  const emit = (level: LogLevel, text: string, fields: LogFields = {}): void => {
    if (order[level] >= order[minimum]) write({ level, text, fields: { ...base, ...fields } });
  };
  return {
    debug: (text, fields) => emit('debug', text, fields),
    info: (text, fields) => emit('info', text, fields),
    warn: (text, fields) => emit('warn', text, fields),
    error: (text, fields) => emit('error', text, fields),
    with: (fields) => createLogger(write, minimum, { ...base, ...fields }),
  };
}

/** Drops everything: for tests that do not look at logs. */
export const silentLogger: Logger = createLogger(() => undefined, 'error');
