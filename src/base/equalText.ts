import { timingSafeEqual } from 'node:crypto';

/** Compares two texts in time that does not depend on where they differ: for whatever proves something by being known. */
export function equalText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.byteLength === right.byteLength && timingSafeEqual(left, right);
}
