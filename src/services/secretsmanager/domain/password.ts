import type { Random } from '../../../base/random.ts';
import { invalidParameter } from '../errors.ts';
import { passwordCharsDefault } from '../limits.ts';
import { randomBelow, randomText } from './randomText.ts';

export interface PasswordRules {
  readonly PasswordLength?: number | undefined;
  readonly ExcludeCharacters?: string | undefined;
  readonly ExcludeNumbers?: boolean | undefined;
  readonly ExcludePunctuation?: boolean | undefined;
  readonly ExcludeUppercase?: boolean | undefined;
  readonly ExcludeLowercase?: boolean | undefined;
  readonly IncludeSpace?: boolean | undefined;
  readonly RequireEachIncludedType?: boolean | undefined;
}

/** A password of GetRandomPassword; each included type occurs unless that was given up. */
export function makePassword(rules: PasswordRules, random: Random): string {
  const length = rules.PasswordLength ?? passwordCharsDefault;
  const types = includedTypes(rules);
  if (types.length === 0) throw invalidParameter('Password character types are all excluded: no character is left to make a password of.');
  if (!(rules.RequireEachIncludedType ?? true)) return randomText(random, types.join(''), length);
  if (types.length > length) throw invalidParameter('Password length is too short based on the required types.');
  const characters = [...types.map((type) => randomText(random, type, 1)), ...randomText(random, types.join(''), length - types.length)];
  return shuffle(characters, random).join('');
}

// API reference, GetRandomPassword: ExcludePunctuation names the punctuation characters.
function includedTypes(rules: PasswordRules): string[] {
  const types = [
    ...(rules.ExcludeLowercase ? [] : ['abcdefghijklmnopqrstuvwxyz']),
    ...(rules.ExcludeUppercase ? [] : ['ABCDEFGHIJKLMNOPQRSTUVWXYZ']),
    ...(rules.ExcludeNumbers ? [] : ['0123456789']),
    ...(rules.ExcludePunctuation ? [] : ['!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~']),
    ...(rules.IncludeSpace ? [' '] : []),
  ];
  const excluded = new Set(rules.ExcludeCharacters ?? '');
  return types.map((type) => [...type].filter((character) => !excluded.has(character)).join('')).filter((type) => type !== '');
}

function shuffle(items: string[], random: Random): string[] {
  for (let last = items.length - 1; last > 0; last--) {
    const other = randomBelow(random, last + 1);
    const kept = items[last] ?? '';
    items[last] = items[other] ?? '';
    items[other] = kept;
  }
  return items;
}
