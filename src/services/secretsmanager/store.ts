import type { ReadTransaction, Transaction } from '../../kv/store.ts';
import { defineTable } from '../../kv/table.ts';
import type { Scope, TableRow } from '../../kv/table.ts';
import type { Stages } from './domain/stages.ts';
import type { Tags } from './domain/tags.ts';
import type { Replica, RotationState } from './domain/types.ts';
import { limitExceeded } from './errors.ts';
import { secretRowBytesMax } from './limits.ts';

//   secret    name -> SecretRow
//   version   secret id, version id -> VersionRow
//   value     secret id, version id -> ValueRow: apart, because a value is large and lists do not need it
//   policy    secret id -> PolicyRow

export interface SecretRow {
  /** Of this one: another secret of the same name has another. Replicas have the id of their primary. */
  readonly id: string;
  readonly suffix: string;
  readonly createdAtMs: number;
  readonly changedAtMs: number;
  /** A whole day, as AWS tells it. */
  readonly accessedAtMs?: number;
  readonly description?: string;
  /** As the request named it; absent for the AWS-managed key. */
  readonly kmsKeyId?: string;
  /** Absent until the first tag: AWS tells a secret that never had any from one that lost its last. */
  readonly tags?: Tags;
  readonly stages: Stages;
  /** When it will be gone; present while it is marked for deletion. */
  readonly deletesAtMs?: number;
  readonly hasPolicy?: true;
  readonly rotation?: RotationState;
  /** In the primary: where the copies are. */
  readonly replicas?: readonly Replica[];
  /** In primary and copies, once it was replicated. */
  readonly primaryRegion?: string;
}

export interface VersionRow {
  readonly createdAtMs: number;
  readonly accessedAtMs?: number;
  /** Absent for the AWS-managed key. */
  readonly kmsKeyId?: string;
}

export interface ValueRow {
  readonly kind: 'string' | 'binary';
  /** As KMS gave it. */
  readonly dataKey: Uint8Array;
  /** Nonce, tag and the value under the data key. */
  readonly sealed: Uint8Array;
}

interface PolicyRow {
  readonly document: string;
}

const service = 'secretsmanager';
const secretTable = defineTable<SecretRow>(service, 'secret');
/** Writing goes through {@link setSecret}. */
export const secrets: Pick<typeof secretTable, 'get' | 'list'> = secretTable;
export const versions = defineTable<VersionRow>(service, 'version');
export const values = defineTable<ValueRow>(service, 'value');
export const policies = defineTable<PolicyRow>(service, 'policy');

/** All versions of a secret; their number is bounded by what adding one allows. */
export async function listVersions(tx: ReadTransaction, scope: Scope, secretId: string): Promise<{ versionId: string; version: VersionRow }[]> {
  const rows: TableRow<VersionRow>[] = await versions.list(tx, scope, [secretId], { limit: 1_000 });
  return rows
    .map(({ parts, row }) => ({ versionId: String(parts[1]), version: row }))
    .sort((a, b) => a.version.createdAtMs - b.version.createdAtMs || (a.versionId < b.versionId ? -1 : 1));
}

export async function findPolicy(tx: ReadTransaction, scope: Scope, secret: SecretRow): Promise<string | undefined> {
  return secret.hasPolicy ? (await policies.get(tx, scope, [secret.id]))?.document : undefined;
}

export function clearVersion(tx: Transaction, scope: Scope, secretId: string, versionId: string): void {
  versions.clear(tx, scope, [secretId, versionId]);
  values.clear(tx, scope, [secretId, versionId]);
}

/** Writes a secret's row; what users put into it is bounded together, because a row is. */
export function setSecret(tx: Transaction, scope: Scope, name: string, secret: SecretRow): void {
  const bytes = Buffer.byteLength(JSON.stringify(secret));
  if (bytes > secretRowBytesMax) throw limitExceeded(`The description, tags, labels and replicas of a secret can take at most ${secretRowBytesMax} bytes together.`);
  secretTable.set(tx, scope, [name], secret);
}

/** Takes away everything of a secret. */
export function clearSecret(tx: Transaction, scope: Scope, name: string, { id }: SecretRow): void {
  secretTable.clear(tx, scope, [name]);
  versions.clearAll(tx, scope, [id]);
  values.clearAll(tx, scope, [id]);
  policies.clear(tx, scope, [id]);
}
