import { errors } from '../errors.ts';
import { pageMax } from '../limits.ts';
import { encodeKey } from './encodeKey.ts';

/** How many entries a page may have; `name` is the parameter's. */
export function pageSize(given: number | undefined, name: string): number {
  if (given === undefined) return pageMax;
  if (given < 0 || given > 2_147_483_647) throw errors.invalidArgument(`Argument ${name} must be an integer between 0 and 2147483647`, name, String(given));
  return Math.min(given, pageMax);
}

export type Encode = <Text extends string | undefined>(text: Text) => Text;

/** What `encoding-type=url` asks for: keys that XML cannot hold, encoded. */
export function encoderOf(encodingType: string | undefined): Encode {
  if (encodingType === undefined) return (text) => text;
  if (encodingType !== 'url') throw errors.invalidArgument('Invalid Encoding Method specified in Request', 'encoding-type', encodingType);
  return (text) => (text === undefined ? text : (encodeKey(text) as typeof text));
}
