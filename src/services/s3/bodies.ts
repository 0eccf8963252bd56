// The bytes of objects: small ones in rows, large ones in blobs, those of several pieces in a manifest of both. A body is written before
// the transaction that refers to it, which then makes it stay (`keep`); until then nothing of it would survive.

import { createCipheriv, createDecipheriv } from 'node:crypto';
import { Readable } from 'node:stream';
import { InvariantError } from '../../base/errors.ts';
import { hexId } from '../../base/ids.ts';
import type { Random } from '../../base/random.ts';
import type { BlobId, BlobStore } from '../../blob/blobStore.ts';
import type { ReadTransaction, Store, Transaction } from '../../kv/store.ts';
import { type BodyRef, cutSlices, type PartFacts, type Slice } from './domain/body.ts';
import { inlineBytesMax, manifestPageMax } from './limits.ts';
import { everywhere, inlineBodies, partPages, setInline, slicePages } from './store.ts';

export interface BodyDeps {
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly random: Random;
}

/** A body that has been written and that no row refers to yet. */
export interface NewBody {
  readonly slices: readonly Slice[];
  readonly bytes: number;
  /** Makes it stay, as part of the transaction that refers to it. */
  keep(tx: Transaction): void;
  /** Removes it: the transaction did not come about. */
  abandon(): Promise<void>;
}

/** Writes a body as it arrives; `declaredBytes` only says whether it may be small. With a key it is encrypted on its way. */
export async function writeBody(deps: BodyDeps, source: AsyncIterable<Uint8Array>, declaredBytes: number, key?: Uint8Array): Promise<NewBody> {
  const iv = key && deps.random.bytes(16);
  const body = key && iv ? encrypt(source, key, iv) : source;
  if (declaredBytes <= inlineBytesMax) {
    const pieces: Uint8Array[] = [];
    for await (const piece of body) pieces.push(piece);
    const whole = Buffer.concat(pieces);
    if (whole.length <= inlineBytesMax) return newInline(deps, whole, iv);
    throw new InvariantError('a body is longer than it was declared', { declaredBytes, bytes: whole.length });
  }
  const { id, bytes } = await deps.blobs.write(body);
  return newBlob(deps, [{ kind: 'blob', id, start: 0, bytes, iv }], bytes);
}

function newInline(deps: BodyDeps, whole: Uint8Array, iv: Uint8Array | undefined): NewBody {
  if (whole.length === 0) return { slices: [], bytes: 0, keep: () => undefined, abandon: async () => undefined };
  const id = hexId(deps.random, 24);
  const slices: Slice[] = [{ kind: 'inline', id, start: 0, bytes: whole.length, iv }];
  return { slices, bytes: whole.length, keep: (tx) => setInline(tx, id, whole), abandon: async () => undefined };
}

function newBlob(deps: BodyDeps, slices: readonly Slice[], bytes: number): NewBody {
  const ids = [...new Set(slices.filter(({ kind }) => kind === 'blob').map(({ id }) => id as BlobId))];
  return {
    slices,
    bytes,
    keep: (tx) => ids.forEach((id) => deps.blobs.adopt(tx, id)),
    async abandon() {
      for (const id of ids) await deps.blobs.delete(id);
    },
  };
}

/** A body of its own with the same bytes, or a part of them, as these slices; nothing large is copied. */
export async function duplicateBody(deps: BodyDeps, slices: readonly Slice[]): Promise<NewBody> {
  const originals = [...new Set(slices.filter(({ kind }) => kind === 'blob').map(({ id }) => id as BlobId))];
  const inlines = [...new Set(slices.filter(({ kind }) => kind === 'inline').map(({ id }) => id))];
  const rows = await deps.store.read(async (tx) => await Promise.all(inlines.map((id) => inlineBodies.get(tx, everywhere, [id]))));
  const copies = await deps.blobs.duplicate(originals);
  const renamed = new Map<string, string>(originals.map((id, index) => [id, copies[index] ?? '']));
  for (const id of inlines) renamed.set(id, hexId(deps.random, 24));
  const copied = slices.map((slice) => ({ ...slice, id: renamed.get(slice.id) ?? '' }));
  const blobs = newBlob(deps, copied, copied.reduce((sum, { bytes }) => sum + bytes, 0));
  return {
    ...blobs,
    keep(tx) {
      blobs.keep(tx);
      inlines.forEach((id, index) => {
        const row = rows[index];
        if (!row) throw new InvariantError('a small body is missing', { id });
        setInline(tx, renamed.get(id) ?? '', row.bytes);
      });
    },
  };
}

/** What an object's row says of these slices; writes the manifest where they are several. */
export function refTo(tx: Transaction, random: Random, slices: readonly Slice[], parts?: readonly PartFacts[]): BodyRef {
  const [first] = slices;
  if (!first && !parts) return { kind: 'empty' };
  if (first && slices.length === 1 && !parts) return { kind: 'slice', slice: first };
  const id = hexId(random, 24);
  const pages = writePages(slices, (page, some) => slicePages.set(tx, everywhere, [id, page], { slices: some }));
  writePages(parts ?? [], (page, some) => partPages.set(tx, everywhere, [id, page], { parts: some }));
  return { kind: 'manifest', id, pages };
}

function writePages<Item>(items: readonly Item[], write: (page: number, items: readonly Item[]) => void): number {
  const pages = Math.ceil(items.length / manifestPageMax);
  for (let page = 0; page < pages; page += 1) write(page, items.slice(page * manifestPageMax, (page + 1) * manifestPageMax));
  return pages;
}

export async function slicesOf(tx: ReadTransaction, body: BodyRef): Promise<readonly Slice[]> {
  if (body.kind === 'empty') return [];
  if (body.kind === 'slice') return [body.slice];
  const pages = await Promise.all(Array.from({ length: body.pages }, (_, page) => slicePages.get(tx, everywhere, [body.id, page])));
  return pages.flatMap((page) => page?.slices ?? []);
}

/** The parts an object was uploaded in; empty for one that was uploaded at once. */
export async function partsOf(tx: ReadTransaction, body: BodyRef, count: number | undefined): Promise<readonly PartFacts[]> {
  if (body.kind !== 'manifest' || count === undefined) return [];
  const pages = Math.ceil(count / manifestPageMax);
  const rows = await Promise.all(Array.from({ length: pages }, (_, page) => partPages.get(tx, everywhere, [body.id, page])));
  return rows.flatMap((row) => row?.parts ?? []);
}

/** Removes a body, as part of the transaction that clears the row which refers to it. */
export async function discardBody(tx: Transaction, blobs: BlobStore, body: BodyRef): Promise<void> {
  discardSlices(tx, blobs, await slicesOf(tx, body));
  if (body.kind !== 'manifest') return;
  slicePages.clearAll(tx, everywhere, [body.id]);
  partPages.clearAll(tx, everywhere, [body.id]);
}

export function discardSlices(tx: Transaction, blobs: BlobStore, slices: readonly Slice[]): void {
  const seen = new Set<string>();
  for (const { kind, id } of slices) {
    if (seen.has(id)) continue;
    seen.add(id);
    if (kind === 'inline') inlineBodies.clear(tx, everywhere, [id]);
    else blobs.discard(tx, id as BlobId);
  }
}

/** Opens bytes `start` to `end` (included) of a body; nothing of it is removed before the stream has ended. */
export async function openBody(deps: BodyDeps, all: readonly Slice[], range: { readonly start: number; readonly end: number }, key?: Uint8Array): Promise<Readable | Uint8Array> {
  const slices = cutSlices(all, range.start, range.end);
  const [only] = slices;
  if (!only) return new Uint8Array(0);
  if (slices.length === 1 && only.kind === 'inline') {
    const bytes = await readInline(deps.store, only);
    return only.iv && key ? Buffer.concat([...decrypt([bytes], key, only)]) : bytes;
  }
  if (slices.length === 1 && !only.iv) return await deps.blobs.open(only.id as BlobId, { start: only.start, end: only.start + only.bytes - 1 });
  const release = deps.blobs.keep(slices.filter(({ kind }) => kind === 'blob').map(({ id }) => id as BlobId));
  return Readable.from(readSlices(deps, slices, key), { objectMode: true, highWaterMark: 2 }).once('close', release);
}

async function* readSlices(deps: BodyDeps, slices: readonly Slice[], key: Uint8Array | undefined): AsyncGenerator<Uint8Array> {
  for (const slice of slices) {
    const source =
      slice.kind === 'inline' ? [await readInline(deps.store, slice)] : await deps.blobs.open(slice.id as BlobId, { start: slice.start, end: slice.start + slice.bytes - 1 });
    if (!slice.iv) yield* source as AsyncIterable<Uint8Array>;
    else if (key) yield* decryptStream(source as AsyncIterable<Uint8Array>, key, slice);
    else throw new InvariantError('an encrypted body is read without its key', { id: slice.id });
  }
}

async function readInline(store: Store, { id, start, bytes }: Slice): Promise<Uint8Array> {
  const row = await store.read((tx) => inlineBodies.get(tx, everywhere, [id]));
  if (!row) throw new BodyGoneError();
  return row.bytes.subarray(start, start + bytes);
}

/** The body was removed after its row had been read. */
export class BodyGoneError extends Error {}

const algorithm = 'aes-256-ctr';

async function* encrypt(source: AsyncIterable<Uint8Array>, key: Uint8Array, iv: Uint8Array): AsyncGenerator<Uint8Array> {
  const cipher = createCipheriv(algorithm, key, iv);
  for await (const piece of source) yield cipher.update(piece);
}

// Counter mode: the key stream of any block can be made without those before it.
function decipherAt(key: Uint8Array, { iv, start }: Slice): { update(piece: Uint8Array): Uint8Array } {
  const counter = BigInt(`0x${Buffer.from(iv ?? []).toString('hex')}`) + BigInt(Math.floor(start / 16));
  const block = Buffer.from(BigInt.asUintN(128, counter).toString(16).padStart(32, '0'), 'hex');
  const decipher = createDecipheriv(algorithm, key, block);
  decipher.update(Buffer.alloc(start % 16));
  return decipher;
}

function* decrypt(source: Iterable<Uint8Array>, key: Uint8Array, slice: Slice): Generator<Uint8Array> {
  const decipher = decipherAt(key, slice);
  for (const piece of source) yield decipher.update(piece);
}

async function* decryptStream(source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, key: Uint8Array, slice: Slice): AsyncGenerator<Uint8Array> {
  const decipher = decipherAt(key, slice);
  for await (const piece of source) yield decipher.update(piece);
}
