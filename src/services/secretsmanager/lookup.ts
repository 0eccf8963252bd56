// From a SecretId to the secret it means, and to what its use needs permission for.
import type { AccessRequest } from '../../framework/context.ts';
import type { ReadTransaction } from '../../kv/store.ts';
import type { Scope } from '../../kv/table.ts';
import { parseSecretId, secretArn } from './domain/secretId.ts';
import { invalidName, markedForDeletion, onReplica, secretNotFound } from './errors.ts';
import { scopeOf } from './operation.ts';
import type { Asker, SecretsDeps } from './operation.ts';
import { findPolicy, secrets } from './store.ts';
import type { SecretRow } from './store.ts';

export interface FoundSecret {
  readonly scope: Scope;
  readonly name: string;
  readonly arn: string;
  readonly secret: SecretRow;
}

/** Undefined when there is none, or when the text cannot name one. */
export async function findSecret(tx: ReadTransaction, call: Asker, secretId: string): Promise<FoundSecret | undefined> {
  const reference = parseSecretId(secretId, scopeOf(call));
  // A secret is asked for in its own region.
  if (reference === undefined || reference.place.region !== call.region) return undefined;
  const { place: scope, readings } = reference;
  for (const { name, suffix } of readings) {
    const secret = await secrets.get(tx, scope, [name]);
    if (secret !== undefined && (suffix === undefined || suffix === secret.suffix)) {
      return { scope, name, secret, arn: secretArn(scope, name, secret.suffix) };
    }
  }
  return undefined;
}

/** Also finds what is marked for deletion. */
export async function requireSecret(tx: ReadTransaction, call: Asker, secretId: string): Promise<FoundSecret> {
  const found = await findSecret(tx, call, secretId);
  if (found !== undefined) return found;
  throw !secretId.startsWith('arn:') && parseSecretId(secretId, scopeOf(call)) === undefined ? invalidName() : secretNotFound();
}

/** A secret that is not marked for deletion. */
export async function requireLive(tx: ReadTransaction, call: Asker, secretId: string): Promise<FoundSecret> {
  const found = await requireSecret(tx, call, secretId);
  if (found.secret.deletesAtMs !== undefined) throw markedForDeletion();
  return found;
}

/** A secret that may be changed here: copies are changed in the region of their primary. */
export async function requirePrimary(tx: ReadTransaction, call: Asker, secretId: string): Promise<FoundSecret> {
  const found = await requireLive(tx, call, secretId);
  if (isReplica(found)) throw onReplica();
  return found;
}

export function isReplica({ secret, scope }: Pick<FoundSecret, 'secret' | 'scope'>): boolean {
  return secret.primaryRegion !== undefined && secret.primaryRegion !== scope.region;
}

type Conditions = Readonly<Record<string, string | readonly string[] | boolean | number | undefined>>;

/** Permission for something on one secret. `conditions` are the service's own keys, without the prefix `secretsmanager:`. */
export async function secretAccess(action: string, secretId: string, call: Asker, { store }: Pick<SecretsDeps, 'store'>, conditions: Conditions = {}): Promise<AccessRequest> {
  return store.read(async (tx) => accessTo(action, secretId, call, tx, conditions));
}

/** The same inside a transaction. */
export async function accessTo(action: string, secretId: string, call: Asker, tx: ReadTransaction, conditions: Conditions = {}): Promise<AccessRequest> {
  const keys: Record<string, string | readonly string[]> = { 'secretsmanager:SecretId': secretId, ...serviceKeys(conditions) };
  const found = await findSecret(tx, call, secretId);
  // Of a secret that is not there AWS names what the request named, and only a policy for every resource covers that.
  if (found === undefined) return { action: `secretsmanager:${action}`, resource: secretId, conditions: keys };
  const { secret, arn, scope } = found;
  for (const [key, value] of Object.entries(secret.tags ?? {})) {
    keys[`secretsmanager:ResourceTag/${key}`] = value;
    keys[`aws:ResourceTag/${key}`] = value;
  }
  if (secret.primaryRegion !== undefined) keys['secretsmanager:SecretPrimaryRegion'] = secret.primaryRegion;
  if (secret.rotation?.functionArn !== undefined) keys['secretsmanager:resource/AllowRotationLambdaArn'] = secret.rotation.functionArn;
  const resourcePolicy = await findPolicy(tx, scope, secret);
  return { action: `secretsmanager:${action}`, resource: arn, conditions: keys, ...(resourcePolicy === undefined ? {} : { resourcePolicy }) };
}

export function serviceKeys(conditions: Conditions): Record<string, string | readonly string[]> {
  const keys: Record<string, string | readonly string[]> = {};
  for (const [name, value] of Object.entries(conditions)) {
    if (value === undefined) continue;
    keys[`secretsmanager:${name}`] = typeof value === 'boolean' || typeof value === 'number' ? String(value) : value;
  }
  return keys;
}
