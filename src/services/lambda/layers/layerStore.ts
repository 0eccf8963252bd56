// Keys: layers [name] | layerVersions [name, number] | layerPolicies [name, number].
import type { BlobId } from '../../../blob/blobId.ts';
import { rangeLimitMax } from '../../../kv/limits.ts';
import type { ReadTransaction, Transaction } from '../../../kv/store.ts';
import { defineTable } from '../../../kv/table.ts';
import type { Scope } from '../../../kv/table.ts';
import type { Place } from '../domain/functionName.ts';
import type { LambdaBlobs } from '../operation.ts';
import { addPackageUse, clearPackageUse, listPackageUses } from '../store.ts';
import type { CodeReference, PackageUse, VersionRow } from '../store.ts';

const layers = defineTable<LayerRow>('lambda', 'layers');
const layerVersions = defineTable<LayerVersionRow>('lambda', 'layerVersions');
const layerPolicies = defineTable<LayerPolicyRow>('lambda', 'layerPolicies');

export interface LayerRow {
  readonly name: string;
  /** Number of the newest version that ever was; numbers are never used again. */
  readonly published: number;
}

export interface LayerVersionRow {
  readonly number: number;
  readonly description: string;
  readonly license: string;
  readonly runtimes: readonly string[];
  readonly architectures: readonly string[];
  readonly createdAtMs: number;
  readonly code: CodeReference;
}

export interface LayerPolicyRow {
  /** JSON text, as GetLayerVersionPolicy answers it. */
  readonly document: string;
  readonly revisionId: string;
}

export const findLayer = (tx: ReadTransaction, scope: Scope, name: string): Promise<LayerRow | undefined> => layers.get(tx, scope, [name]);
export const setLayer = (tx: Transaction, scope: Scope, row: LayerRow): void => layers.set(tx, scope, [row.name], row);

/** A page of layers in the order of their names. */
export async function listLayerRows(tx: ReadTransaction, scope: Scope, page: { readonly limit: number; readonly after?: string | undefined }): Promise<LayerRow[]> {
  return (await layers.list(tx, scope, [], { limit: page.limit, ...(page.after === undefined ? {} : { after: [page.after] }) })).map(({ row }) => row);
}

export const findLayerVersion = (tx: ReadTransaction, scope: Scope, name: string, number: number): Promise<LayerVersionRow | undefined> => layerVersions.get(tx, scope, [name, number]);

/** Makes the row, which owns the archive from then on. */
export function addLayerVersion(tx: Transaction, place: Place, name: string, row: LayerVersionRow): void {
  layerVersions.set(tx, place, [name, row.number], row);
  addPackageUse(tx, useByLayer(place, name, row));
}

/** Removes the row and its policy; the archive stays as long as a function has the layer. */
export async function removeLayerVersion(tx: Transaction, place: Place, name: string, row: LayerVersionRow, blobs: LambdaBlobs): Promise<void> {
  layerVersions.clear(tx, place, [name, row.number]);
  clearLayerPolicy(tx, place, name, row.number);
  await endUses(tx, [useByLayer(place, name, row)], blobs);
}

/** A page of versions, newest first. */
export async function listLayerVersionRows(tx: ReadTransaction, scope: Scope, name: string, page: { readonly limit: number; readonly after?: number | undefined }): Promise<LayerVersionRow[]> {
  const after = page.after === undefined ? {} : { after: [name, page.after] };
  return (await layerVersions.list(tx, scope, [name], { limit: page.limit, reverse: true, ...after })).map(({ row }) => row);
}

export const findLayerPolicy = (tx: ReadTransaction, scope: Scope, name: string, number: number): Promise<LayerPolicyRow | undefined> => layerPolicies.get(tx, scope, [name, number]);
export const setLayerPolicy = (tx: Transaction, scope: Scope, name: string, number: number, row: LayerPolicyRow): void => layerPolicies.set(tx, scope, [name, number], row);
export const clearLayerPolicy = (tx: Transaction, scope: Scope, name: string, number: number): void => layerPolicies.clear(tx, scope, [name, number]);

/** A version of a function begins to use its layers: their archives stay for it, whatever becomes of the layers. */
export function useLayers(tx: Transaction, place: Place, name: string, row: VersionRow): void {
  for (const use of usesOf(place, name, row)) addPackageUse(tx, use);
}

/** Versions of functions that are gone, or have other layers now. Archives that nobody needs any more go with the transaction. */
export async function leaveLayers(tx: Transaction, place: Place, name: string, rows: readonly VersionRow[], blobs: LambdaBlobs): Promise<void> {
  await endUses(tx, rows.flatMap((row) => usesOf(place, name, row)), blobs);
}

/** Hashes of everything that environments of a version are made of. */
export const contentsOf = ({ code, layers: uses = [] }: VersionRow): string[] => [code.sha256, ...uses.flatMap((use) => (use.code === undefined ? [] : [use.code.sha256]))];

const useByLayer = ({ account, region }: Place, name: string, { number, code }: LayerVersionRow): PackageUse => ({ place: { account, region }, user: `layer:${name}`, version: String(number), code });

// The archive is in the name: two layers of a function may have the same content, each with an archive of its own.
const usesOf = ({ account, region }: Place, name: string, { version, layers: uses = [] }: VersionRow): PackageUse[] =>
  uses.flatMap(({ code }) => (code === undefined ? [] : [{ place: { account, region }, user: `uses-layer:${name}:${code.blobId}`, version, code }]));

async function endUses(tx: Transaction, ended: readonly PackageUse[], blobs: LambdaBlobs): Promise<void> {
  const orphans = new Map<BlobId, boolean>();
  const keyOf = ({ place, user, version }: Omit<PackageUse, 'code'>): string => [place.account, place.region, user, version].join(' ');
  const keys = new Set(ended.map(keyOf));
  for (const use of ended) {
    const { blobId, sha256 } = use.code;
    if (!orphans.has(blobId)) {
      const others = (await listPackageUses(tx, sha256, rangeLimitMax)).filter((other) => other.blobId === blobId && !keys.has(keyOf(other)));
      orphans.set(blobId, others.length === 0);
    }
    clearPackageUse(tx, use);
  }
  for (const [blobId, isOrphan] of orphans) if (isOrphan) blobs.discard(tx, blobId);
}
