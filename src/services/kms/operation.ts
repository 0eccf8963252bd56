import type { AccessRequest, Call } from '../../framework/context.ts';
import { operationsOf } from '../../framework/service.ts';
import { accessOf, type KeyUse } from './access.ts';
import { requireEnabled } from './domain/keyState.ts';
import type { KeyUsage } from './domain/keySpecs.ts';
import { errors } from './errors.ts';
import { existing, findKey, requireCustomerManaged, requireKey, type ExistingKey, type FoundKey, type KmsDeps } from './keys.ts';
import { readGrantToken } from './grantTokens.ts';
import type { Transaction } from '../../kv/store.ts';

export type { KmsDeps } from './keys.ts';

/** What every operation of the service may use. */
export interface KmsContext extends KmsDeps {
  /** The keys that calls are about, so that permission and use read them once. */
  readonly asked: WeakMap<Call, Map<string, FoundKey>>;
}

export const operation = operationsOf<typeof import('@aws-sdk/client-kms'), KmsContext>();

/** Permission to do something with the key that a request names. Operations that change keys take no aliases. */
export async function accessKey(deps: KmsContext, call: Call, keyId: string | undefined, use: KeyUse, { aliases = true } = {}): Promise<AccessRequest> {
  return await deps.store.read(async (tx) => {
    const key = await findKey(tx, call, keyId ?? '', { nowMs: call.nowMs, aliases });
    const known = deps.asked.get(call) ?? new Map<string, FoundKey>();
    known.set(keyId ?? '', key);
    deps.asked.set(call, known);
    return await accessOf(tx, call, key, use);
  });
}

export function changeAccess(action: string, conditions?: KeyUse['conditions']) {
  return async ({ KeyId }: { readonly KeyId?: string | undefined }, call: Call, deps: KmsContext): Promise<AccessRequest> =>
    await accessKey(deps, call, KeyId, { action, ...(conditions && { conditions }) }, { aliases: false });
}

/** The key whose permission was just asked. */
export async function askedKey(deps: KmsContext, call: Call, keyId: string | undefined): Promise<ExistingKey> {
  const known = deps.asked.get(call)?.get(keyId ?? '');
  return known ? existing(known) : await deps.store.read((tx) => requireKey(tx, call, keyId ?? '', { nowMs: call.nowMs, aliases: true }));
}

/** The same, ready for a cryptographic operation. */
export async function usableKey(deps: KmsContext, call: Call, keyId: string | undefined, usage: KeyUsage, name: string): Promise<ExistingKey> {
  const key = await askedKey(deps, call, keyId);
  requireUse(key, usage, name, call.nowMs);
  return key;
}

export function requireUse({ row, arn }: ExistingKey, usage: KeyUsage, name: string, nowMs: number): void {
  requireEnabled(row, arn, nowMs);
  if (row.usage !== usage) throw errors.wrongUsage(arn, row.usage, name);
}

/** What the members that all cryptographic operations share ask for; last before the operation itself. */
export function finishChecks(deps: KmsContext, { GrantTokens = [], DryRun = false }: { readonly GrantTokens?: readonly string[] | undefined; readonly DryRun?: boolean | undefined }): void {
  for (const token of GrantTokens) readGrantToken(deps.vault, token);
  if (DryRun) throw errors.dryRun();
}

/** Changes a customer's key in one transaction. */
export async function changeKey<T>(deps: KmsContext, call: Call, keyId: string | undefined, change: (tx: Transaction, key: ExistingKey) => Promise<T>): Promise<T> {
  return await deps.store.transact(async (tx) => {
    const key = await requireKey(tx, call, keyId ?? '', { nowMs: call.nowMs, aliases: false });
    requireCustomerManaged(key);
    return await change(tx, key);
  });
}

/** Operations on no key in particular. */
export function accountAccess(action: string, conditions: Readonly<Record<string, string | readonly string[]>> = {}): (input: object, call: Call) => AccessRequest {
  return (_input, call) => ({ action: `kms:${action}`, resource: '*', conditions: { 'kms:CallerAccount': call.account, ...conditions } });
}
