import { decodeCounter, encodeCounter } from '../../kv/counter.ts';
import type { ReadTransaction, Transaction } from '../../kv/store.ts';
import { defineTable } from '../../kv/table.ts';
import type { Scope, TableRow } from '../../kv/table.ts';
import type { ParameterPolicy } from './domain/policies.ts';
import { validation } from './errors.ts';
import { parameterTextBytesMax } from './limits.ts';

//   parameter   name -> ParameterRow, with its latest version: most reads are of that one
//   version     parameter id, version -> VersionRow, of every version, the latest too
//   label       parameter id, label -> which version has it
//   policy      parameter id -> the resource policy of a shared parameter
//   count       tier -> counter

export type Tier = 'Standard' | 'Advanced';

export interface VersionRow {
  readonly version: number;
  readonly type: 'String' | 'StringList' | 'SecureString';
  readonly value: StoredValue;
  readonly modifiedAtMs: number;
  /** The ARN of who wrote it. */
  readonly modifiedBy: string;
  readonly keyId?: string;
  readonly description?: string;
  readonly allowedPattern?: string;
  readonly tier: Tier;
  readonly dataType: string;
  readonly policies?: readonly ParameterPolicy[];
}

export type StoredValue =
  | { readonly kind: 'plain'; readonly text: string }
  /** Encrypted by the key itself. */
  | { readonly kind: 'sealed'; readonly ciphertext: Uint8Array }
  /** Too long for that: encrypted by a data key. */
  | { readonly kind: 'enveloped'; readonly dataKey: Uint8Array; readonly sealed: Uint8Array };

export interface ParameterRow {
  /** Of this one: another parameter of the same name has another. */
  readonly id: string;
  readonly latest: VersionRow;
  readonly tags?: Readonly<Record<string, string>>;
  readonly hasPolicy?: true;
}

interface LabelRow {
  readonly version: number;
}

export interface PolicyRow {
  readonly policyId: string;
  readonly hash: string;
  readonly document: string;
}

const service = 'ssm';
const parameterTable = defineTable<ParameterRow>(service, 'parameter');
/** Writing goes through {@link setParameter}. */
export const parameters: Pick<typeof parameterTable, 'get' | 'list'> = parameterTable;
export const versions = defineTable<VersionRow>(service, 'version');
export const labels = defineTable<LabelRow>(service, 'label');
export const policies = defineTable<PolicyRow>(service, 'policy');
const counts = defineTable<object>(service, 'count');

/** One with more than any parameter has, for ranges of versions and labels. */
const rowsMax = 2_000;

/** All versions, oldest first; their number is bounded by what adding one allows. */
export async function listVersions(tx: ReadTransaction, scope: Scope, id: string): Promise<VersionRow[]> {
  return (await versions.list(tx, scope, [id], { limit: rowsMax })).map(({ row }) => row);
}

/** Label -> version. */
export async function listLabels(tx: ReadTransaction, scope: Scope, id: string): Promise<ReadonlyMap<string, number>> {
  const rows: TableRow<LabelRow>[] = await labels.list(tx, scope, [id], { limit: rowsMax });
  return new Map(rows.map(({ parts, row }) => [String(parts[1]), row.version]));
}

/** Of one tier; additions do not conflict with each other, so a few more than the limit may come in at once. */
export async function countParameters(tx: ReadTransaction, scope: Scope, tier: Tier): Promise<number> {
  const key = counts.key(scope, [tier]);
  const [row] = await tx.range({ from: key, to: Buffer.concat([key, Buffer.from([0])]), limit: 1 });
  return Number(decodeCounter(row?.value ?? encodeCounter(0n), key));
}

export function addToCount(tx: Transaction, scope: Scope, tier: Tier, delta: 1 | -1): void {
  tx.add(counts.key(scope, [tier]), BigInt(delta));
}

/** Writes a parameter's row; what users put into it is bounded together, because a row is. */
export function setParameter(tx: Transaction, scope: Scope, name: string, row: ParameterRow): void {
  const { description = '', allowedPattern = '', policies: parameterPolicies = [] } = row.latest;
  const bytes = Buffer.byteLength(JSON.stringify([row.tags ?? {}, description, allowedPattern, parameterPolicies]));
  if (bytes > parameterTextBytesMax) throw validation(`The description, pattern, policies and tags of a parameter can take at most ${parameterTextBytesMax} bytes together.`);
  parameterTable.set(tx, scope, [name], row);
}

/** Takes away everything of a parameter. */
export function clearParameter(tx: Transaction, scope: Scope, name: string, { id, latest }: ParameterRow): void {
  parameterTable.clear(tx, scope, [name]);
  versions.clearAll(tx, scope, [id]);
  labels.clearAll(tx, scope, [id]);
  policies.clear(tx, scope, [id]);
  addToCount(tx, scope, latest.tier, -1);
}
