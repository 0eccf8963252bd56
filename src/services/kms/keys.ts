// Finding keys by what requests call them.

import { uuid } from '../../base/ids.ts';
import type { Random } from '../../base/random.ts';
import type { ReadTransaction, Store, Transaction } from '../../kv/store.ts';
import type { Scope } from '../../kv/table.ts';
import type { Timers } from '../../kv/timers.ts';
import { aliasArn, keyArn, parseKeyReference } from './domain/keyReference.ts';
import { managedPolicy } from './domain/keyPolicy.ts';
import { stateOf } from './domain/keyState.ts';
import { errors } from './errors.ts';
import { planRotation } from './jobs/keyTimers.ts';
import type { LastUse } from './lastUse.ts';
import { dayMs, rotationDaysUsual } from './limits.ts';
import { aliases, keys, materials, setKey, type KeyRow } from './store.ts';
import type { Secret, Vault } from './vault.ts';

export interface FoundKey {
  readonly scope: Scope;
  readonly keyId: string;
  readonly arn: string;
  /** Undefined for a key that does not exist (any more). */
  readonly row: KeyRow | undefined;
  /** The alias by which it was asked for. */
  readonly alias?: string;
}

export interface ExistingKey extends FoundKey {
  readonly row: KeyRow;
}

interface FindOptions {
  readonly nowMs: number;
  /** Operations that change keys take no aliases. */
  readonly aliases: boolean;
}

/** The key that a request names. An alias must exist; whether the key does is in the answer. */
export async function findKey(tx: ReadTransaction, asked: Scope, text: string, options: FindOptions): Promise<FoundKey> {
  const reference = parseKeyReference(text, asked);
  const { scope } = reference;
  if (reference.kind === 'key') return await foundKey(tx, scope, reference.keyId, options.nowMs);
  if (!options.aliases) throw errors.invalidKeyId(text);
  const alias = await aliases.get(tx, scope, [reference.alias]);
  if (!alias) {
    // Whether another account has it is told to nobody who may not use it: a key that is not there is denied to them.
    if (scope.account !== asked.account) return { scope, keyId: reference.alias, arn: keyArn(scope, reference.alias), row: undefined };
    throw errors.noSuchAlias(aliasArn(scope, reference.alias));
  }
  return { ...(await foundKey(tx, scope, alias.keyId, options.nowMs)), alias: reference.alias };
}

async function foundKey(tx: ReadTransaction, scope: Scope, keyId: string, nowMs: number): Promise<FoundKey> {
  const row = await keys.get(tx, scope, [keyId]);
  return { scope, keyId, arn: keyArn(scope, keyId), row: row && stateOf(row, nowMs) === undefined ? undefined : row };
}

export async function requireKey(tx: ReadTransaction, asked: Scope, text: string, options: FindOptions): Promise<ExistingKey> {
  return existing(await findKey(tx, asked, text, options));
}

export function existing(key: FoundKey): ExistingKey {
  if (key.row === undefined) throw errors.noSuchKey(key.arn);
  return { ...key, row: key.row };
}

/** The material that a key encrypts, signs and authenticates with now, or one of its earlier ones. */
export async function openMaterial(tx: ReadTransaction, vault: Vault, { scope, row, arn }: ExistingKey, materialId = row.materialId): Promise<Secret | undefined> {
  if (materialId === undefined) throw errors.pendingImport(arn);
  const place = { keyId: row.id, materialId };
  const known = vault.cached(place);
  if (known) return known;
  const material = await materials.get(tx, scope, [row.id, materialId]);
  return material?.wrapped === undefined ? undefined : vault.open(row.spec, place, material.wrapped);
}

/** What making and using keys takes. */
export interface KmsDeps {
  readonly store: Store;
  readonly vault: Vault;
  readonly random: Random;
  readonly timers: Timers;
  readonly lastUse: LastUse;
}

/** Puts the first material of a key beside it. */
export function setFirstMaterial(tx: Transaction, vault: Vault, scope: Scope, row: KeyRow, material: Uint8Array, materialId: string): void {
  const wrapped = vault.wrap(material, materialId);
  materials.set(tx, scope, [row.id, materialId], { wrapped, createdAtMs: row.createdAtMs, sequence: 0, rotation: undefined, description: undefined });
}

/** The services that have a key of their own in every account (developer guide, "AWS managed keys"). */
const managedServices = /^[a-z][a-z0-9-]{1,31}$/;

/** The AWS-managed key of a service, made when it is first asked for. */
export async function requireManagedKey({ store, vault, random, timers }: KmsDeps, scope: Scope, service: string, nowMs: number): Promise<ExistingKey> {
  const alias = `alias/aws/${service}`;
  if (!managedServices.test(service)) throw errors.noSuchAlias(aliasArn(scope, alias));
  const options = { nowMs, aliases: true };
  const known = await store.read((tx) => aliases.get(tx, scope, [alias]));
  if (!known) {
    const id = uuid(random);
    const material = await vault.generate('SYMMETRIC_DEFAULT');
    const materialId = vault.identify(id, material);
    await store.transact(async (tx) => {
      if (await aliases.get(tx, scope, [alias])) return;
      const row: KeyRow = {
        ...newKey({ id, nowMs, policy: managedPolicy(scope.account, service, scope.region) }),
        description: `Default key that protects my ${service} data when no other key is defined`,
        manager: 'AWS',
        aliases: [alias],
        materialId,
        rotation: { days: rotationDaysUsual, nextAtMs: nowMs + rotationDaysUsual * dayMs },
      };
      setKey(tx, scope, row);
      await planRotation(tx, timers, scope, row);
      setFirstMaterial(tx, vault, scope, row, material, materialId);
      aliases.set(tx, scope, [alias], { keyId: id, createdAtMs: nowMs, updatedAtMs: nowMs });
    });
  }
  return await store.read((tx) => requireKey(tx, scope, alias, options));
}

/** A key as it begins; a symmetric one unless the caller says otherwise. */
export function newKey({ id, nowMs, policy }: { readonly id: string; readonly nowMs: number; readonly policy: string }): KeyRow {
  return {
    id,
    createdAtMs: nowMs,
    description: '',
    spec: 'SYMMETRIC_DEFAULT',
    usage: 'ENCRYPT_DECRYPT',
    origin: 'AWS_KMS',
    manager: 'CUSTOMER',
    enabled: true,
    policy,
    tags: [],
    aliases: [],
    grants: 0,
    materialId: undefined,
    onDemandRotations: 0,
  };
}

/** AWS-managed keys are looked at and used; what changes them is refused to everybody. */
export function requireCustomerManaged({ row, arn }: ExistingKey): void {
  if (row.manager === 'AWS') throw errors.awsManaged(arn);
}
