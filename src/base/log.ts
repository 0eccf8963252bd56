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
  return new LevelLogger(write, order[minimum], base);
}

// A class, because every request makes one: methods on a prototype cost nothing, five closures do.
class LevelLogger implements Logger {
  readonly #write: (record: LogRecord) => void;
  readonly #minimum: number;
  readonly #base: LogFields;

  constructor(write: (record: LogRecord) => void, minimum: number, base: LogFields) {
    this.#write = write;
    this.#minimum = minimum;
    this.#base = base;
  }

  debug(text: string, fields?: LogFields): void {
    this.#emit('debug', text, fields);
  }

  info(text: string, fields?: LogFields): void {
    this.#emit('info', text, fields);
  }

  warn(text: string, fields?: LogFields): void {
    this.#emit('warn', text, fields);
  }

  error(text: string, fields?: LogFields): void {
    this.#emit('error', text, fields);
  }

  with(fields: LogFields): Logger {
    return new LevelLogger(this.#write, this.#minimum, { ...this.#base, ...fields });
  }

  #emit(level: LogLevel, text: string, fields: LogFields | undefined): void {
    if (order[level] >= this.#minimum) this.#write({ level, text, fields: { ...this.#base, ...fields } });
  }
}

/** Drops everything: for tests that do not look at logs. */
export const silentLogger: Logger = createLogger(() => undefined, 'error');
