import { format } from 'node:util';
import type { Logger } from '../base/log.ts';

/**
 * Lets what libraries write to the console become records at debug level: the store's, for one, prints every write that a full disk
 * refuses, which Haneul says itself. Answers what takes it back.
 */
export function captureConsole(log: Logger): () => void {
  const { error, warn } = console;
  const record = (...values: readonly unknown[]): void => log.debug('a library wrote to the console', { output: format(...values) });
  Object.assign(console, { error: record, warn: record });
  return () => void Object.assign(console, { error, warn });
}
