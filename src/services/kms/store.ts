import type { Transaction } from '../../kv/store.ts';
import { defineTable, type Scope } from '../../kv/table.ts';
import type { KeySpec, KeyUsage } from './domain/keySpecs.ts';

//   key              key id                         -> KeyRow; a multi-region key has one in each of its regions
//   material         key id, material id            -> MaterialRow
//   lastUse          key id                         -> LastUseRow
//   alias            name (with `alias/`)           -> AliasRow
//   grant            key id, grant id               -> GrantRow
//   grantByGrantee   key id, principal, grant id    -> GrantRow: what a request of that principal looks at
//   grantByRetiree   principal, key id, grant id    -> {}: ListRetirableGrants; an entry whose grant is gone is nothing

export interface Tag {
  readonly TagKey: string;
  readonly TagValue: string;
}

export interface KeyRow {
  readonly id: string;
  readonly createdAtMs: number;
  readonly description: string;
  readonly spec: KeySpec;
  readonly usage: KeyUsage;
  readonly origin: 'AWS_KMS' | 'EXTERNAL';
  readonly manager: 'CUSTOMER' | 'AWS';
  readonly enabled: boolean;
  /** JSON text. */
  readonly policy: string;
  readonly tags: readonly Tag[];
  /** Names of its aliases, at most 50 by quota. */
  readonly aliases: readonly string[];
  /** How many grants it has. */
  readonly grants: number;
  /** Undefined until the first import. It stays when imported material is deleted: only the same may be imported again. */
  readonly materialId: string | undefined;
  /** Of keys with imported material. */
  readonly imported?: { readonly present: boolean; readonly expiresAtMs: number | undefined };
  /** Without a time: a primary key that waits for its replicas to go. */
  readonly deletion?: { readonly days: number; readonly atMs: number | undefined };
  readonly multiRegion?: { readonly primaryRegion: string; readonly replicaRegions: readonly string[] };
  readonly rotation?: { readonly days: number; readonly nextAtMs: number };
  readonly onDemandRotations: number;
}

export interface MaterialRow {
  /** AES-256-GCM under the root key; undefined once it was deleted. */
  readonly wrapped: Uint8Array | undefined;
  readonly createdAtMs: number;
  /** Counts the materials of the key. */
  readonly sequence: number;
  readonly rotation: 'AUTOMATIC' | 'ON_DEMAND' | undefined;
  readonly description: string | undefined;
}

/** The last success. */
export interface LastUseRow {
  readonly operation: string;
  readonly atMs: number;
  /** Undefined where another service used the key. */
  readonly requestId?: string;
}

export interface AliasRow {
  readonly keyId: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

export interface GrantConstraints {
  readonly EncryptionContextSubset?: Readonly<Record<string, string>>;
  readonly EncryptionContextEquals?: Readonly<Record<string, string>>;
}

export interface GrantRow {
  readonly id: string;
  readonly keyId: string;
  readonly grantee: string;
  readonly retiree: string | undefined;
  readonly operations: readonly string[];
  readonly constraints: GrantConstraints | undefined;
  readonly name: string | undefined;
  readonly createdAtMs: number;
  readonly issuer: string;
}

// Every use of a key reads its row, and by an alias that too.
const remember = 1_000;

export const keys = defineTable<KeyRow>('kms', 'key', { remember });
export const materials = defineTable<MaterialRow>('kms', 'material');
export const aliases = defineTable<AliasRow>('kms', 'alias', { remember });
export const lastUses = defineTable<LastUseRow>('kms', 'lastUse');
export const grants = defineTable<GrantRow>('kms', 'grant');
export const grantsByGrantee = defineTable<GrantRow>('kms', 'grantByGrantee');
export const grantsByRetiree = defineTable<Record<string, never>>('kms', 'grantByRetiree');

export function setKey(tx: Transaction, scope: Scope, row: KeyRow): void {
  keys.set(tx, scope, [row.id], row);
}

export function setGrant(tx: Transaction, scope: Scope, row: GrantRow): void {
  grants.set(tx, scope, [row.keyId, row.id], row);
  grantsByGrantee.set(tx, scope, [row.keyId, row.grantee, row.id], row);
  if (row.retiree !== undefined) grantsByRetiree.set(tx, scope, [row.retiree, row.keyId, row.id], {});
}

export function clearGrant(tx: Transaction, scope: Scope, row: GrantRow): void {
  grants.clear(tx, scope, [row.keyId, row.id]);
  grantsByGrantee.clear(tx, scope, [row.keyId, row.grantee, row.id]);
  if (row.retiree !== undefined) grantsByRetiree.clear(tx, scope, [row.retiree, row.keyId, row.id]);
}

/** Takes out everything that a key left. Entries of retiring principals stay behind: they lead to no grant any more. */
export function clearKey(tx: Transaction, scope: Scope, row: KeyRow): void {
  keys.clear(tx, scope, [row.id]);
  materials.clearAll(tx, scope, [row.id]);
  lastUses.clear(tx, scope, [row.id]);
  grants.clearAll(tx, scope, [row.id]);
  grantsByGrantee.clearAll(tx, scope, [row.id]);
  for (const name of row.aliases) aliases.clear(tx, scope, [name]);
}

/** The regions in which a key exists. */
export function regionsOf(scope: Scope, row: KeyRow): readonly string[] {
  return row.multiRegion === undefined ? [scope.region] : [row.multiRegion.primaryRegion, ...row.multiRegion.replicaRegions];
}

/** Changes the row of a multi-region key everywhere; `change` sees each region's own row. */
export async function changeEverywhere(tx: Transaction, scope: Scope, row: KeyRow, change: (row: KeyRow, region: string) => KeyRow): Promise<void> {
  for (const region of regionsOf(scope, row)) {
    const place = { account: scope.account, region };
    const own = await keys.get(tx, place, [row.id]);
    if (own) setKey(tx, place, change(own, region));
  }
}
