import { formatArn, parseArn } from '../../../base/arn.ts';
import { ServiceError } from '../../../base/errors.ts';
import { tooDeep, validation } from '../errors.ts';
import { nameCharsMax, nameLevelsMax } from '../limits.ts';

export interface Place {
  readonly account: string;
  readonly region: string;
}

/** What a request means by a name: a parameter, and perhaps one version of it. */
export interface ParameterReference {
  readonly place: Place;
  /** More than one only for an ARN, which does not tell `a` from `/a`. */
  readonly names: readonly string[];
  /** As in `name:3` and `name:label`. */
  readonly selector: string | undefined;
}

const nameWords =
  'Parameter name: can\'t be prefixed with "ssm" (case-insensitive). If formed as a path, it can consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following 3 symbols .-_';

/** Throws the service's error for what cannot be the name of a new parameter. */
export function requireName(name: string): void {
  const lower = name.toLowerCase().replace(/^\/+/, '');
  const isPath = (name.match(/\//g) ?? []).length > 1;
  if (lower.startsWith('aws') && name.startsWith('/') && isPath) throw new ServiceError('AccessDeniedException', `No access to reserved parameter name: ${name}.`, { status: 400 });
  if (!isPath && (lower.startsWith('aws') || lower.startsWith('ssm'))) throw validation('Parameter name: can\'t be prefixed with "aws" or "ssm" (case-insensitive).');
  if (lower.startsWith('ssm')) throw validation(nameWords);
  if (name.includes('/') && !name.startsWith('/')) throw validation('Parameter name must be a fully qualified name.');
  if (name.length > 1 && name.endsWith('/')) throw validation('Parameter name must not end with slash.');
  if (!/^(?:\/[A-Za-z0-9_.-]+)+$|^[A-Za-z0-9_.-]+$/.test(name)) throw validation(nameWords);
  if (name.length > nameCharsMax) throw validation(`1 validation error detected: Value '${name.slice(0, 100)}…' at 'name' failed to satisfy constraint: Member must have length less than or equal to ${nameCharsMax}`);
  const levels = name.split('/').length - 1;
  if (levels > nameLevelsMax) throw tooDeep(levels);
}

export function parameterArn({ account, region }: Place, name: string): string {
  return formatArn({ service: 'ssm', region, account, resource: `parameter/${name.replace(/^\//, '')}` });
}

// What could ever have been the name of a parameter; nothing else is looked for.
const isNameText = (name: string): boolean => /^[A-Za-z0-9_./-]{1,1100}$/.test(name);

/** Reads `name`, `name:selector`, and both with an ARN in the place of the name; undefined for what is none of them. */
export function parseReference(text: string, here: Place): ParameterReference | undefined {
  if (!text.startsWith('arn:')) return splitSelector(text, here, (name) => [name]);
  const arn = parseArn(text);
  if (arn?.service !== 'ssm' || !arn.resource.startsWith('parameter/')) return undefined;
  const place = { account: arn.account, region: arn.region };
  // An ARN has one slash where a hierarchy's name begins with it, and none is lost of a name without.
  return splitSelector(arn.resource.slice('parameter/'.length), place, (name) => [`/${name}`, ...(name.includes('/') ? [] : [name])]);
}

function splitSelector(text: string, place: Place, namesOf: (name: string) => readonly string[]): ParameterReference | undefined {
  const parts = text.split(':');
  const [name = '', selector] = parts;
  return parts.length > 2 || !isNameText(name) ? undefined : { place, names: namesOf(name), selector };
}
