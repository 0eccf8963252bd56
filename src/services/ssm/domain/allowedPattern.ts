import { Script } from 'node:vm';
import { invalidPattern, patternMismatch } from '../errors.ts';
import { patternMsMax } from '../limits.ts';

/** Throws unless the whole value matches. The expression is the user's: it gets a moment, not the server. */
export function requireMatch(pattern: string, value: string): void {
  if (pattern === '') return;
  try {
    new RegExp(`^(?:${pattern})$`);
  } catch {
    throw invalidPattern();
  }
  if (!testInTime(`^(?:${pattern})$`, value)) throw patternMismatch(pattern);
}

const script = new Script('new RegExp(source).test(value)');

function testInTime(source: string, value: string): boolean {
  try {
    return script.runInNewContext({ source, value }, { timeout: patternMsMax }) === true;
  } catch {
    // Out of time: AWS refuses what its own engine cannot decide, too.
    return false;
  }
}
