import { formatArn, parseArn } from '../../../base/arn.ts';
import type { Random } from '../../../base/random.ts';
import { randomText } from './randomText.ts';

/** The characters of names (API reference, CreateSecret: Name). */
const namePattern = /^[A-Za-z0-9/_+=.@!-]{1,512}$/;
const suffixAlphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

export interface Place {
  readonly account: string;
  readonly region: string;
}

/** What a SecretId may mean, the likelier reading first. */
export interface SecretReading {
  readonly name: string;
  /** The six characters at the end of an ARN; without them any secret of the name is meant. */
  readonly suffix: string | undefined;
}

export interface SecretReference {
  readonly place: Place;
  readonly readings: readonly SecretReading[];
}

export function isSecretName(text: string): boolean {
  return namePattern.test(text);
}

/** Reads a name, an ARN, or an ARN without its last seven characters; undefined for anything else. */
export function parseSecretId(text: string, here: Place): SecretReference | undefined {
  if (!text.startsWith('arn:')) return isSecretName(text) ? { place: here, readings: [{ name: text, suffix: undefined }] } : undefined;
  const arn = parseArn(text);
  if (arn?.service !== 'secretsmanager' || arn.account === '' || !arn.resource.startsWith('secret:')) return undefined;
  const rest = arn.resource.slice('secret:'.length);
  if (!isSecretName(rest.slice(0, 512)) || rest.length > 519) return undefined;
  const whole = /^(.+)-([A-Za-z0-9]{6})$/.exec(rest);
  const partial: SecretReading = { name: rest, suffix: undefined };
  // A name may itself end like a suffix, so an ARN without one is tried as well (user guide, "partial ARN").
  const readings = whole ? [{ name: whole[1] ?? '', suffix: whole[2] }, partial] : [partial];
  return { place: { account: arn.account, region: arn.region }, readings };
}

export function secretArn({ account, region }: Place, name: string, suffix: string): string {
  return formatArn({ service: 'secretsmanager', region, account, resource: `secret:${name}-${suffix}` });
}

export function newSuffix(random: Random): string {
  return randomText(random, suffixAlphabet, 6);
}
