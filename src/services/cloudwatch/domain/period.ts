import { errors } from '../errors.ts';

/** Seconds: 1, 5, 10, 20, 30 or a multiple of 60. */
export function requirePeriod(seconds: number): number {
  if ([1, 5, 10, 20, 30].includes(seconds) || (seconds >= 60 && seconds % 60 === 0)) return seconds;
  throw errors.invalidValue(`The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60.`);
}
