// Page markers are opaque to clients; ours hold the last thing that was answered.
import { errors } from '../errors.ts';

/** A marker after this position. */
export const makeMarker = (position: readonly (string | number)[]): string => Buffer.from(JSON.stringify(position)).toString('base64');

/** The position of a marker, or undefined for none. Throws for what no page of this kind has given out. */
export function openMarker(marker: string | undefined, form: readonly ('string' | 'number')[]): readonly (string | number)[] | undefined {
  if (marker === undefined || marker === '') return undefined;
  try {
    const position: unknown = JSON.parse(Buffer.from(marker, 'base64').toString('utf8'));
    if (Array.isArray(position) && position.length === form.length && form.every((type, index) => typeof position[index] === type)) {
      return position as (string | number)[];
    }
  } catch {
    // Answered below.
  }
  throw errors.invalidParameter('The Marker is not valid.');
}
