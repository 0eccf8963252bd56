import { UserFacingError } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import { dataFormat, dataUpgrades } from '../../kv/dataFormat.ts';
import type { DataUpgrade } from '../../kv/dataFormat.ts';
import type { Row, Store } from '../../kv/store.ts';
import { runUpgrades } from '../../kv/runUpgrades.ts';
import { requireBlobId } from '../blobId.ts';
import type { BlobStore } from '../blobStore.ts';
import { damaged, decodeRows, frameKinds, readFrames } from './frames.ts';
import type { Frame } from './frames.ts';
import type { SnapshotManifest, SnapshotTotals } from './saveSnapshot.ts';

export interface SnapshotLoad {
  readonly path: string;
  readonly store: Store;
  /** Empty: whoever loads removes the bodies of before. */
  readonly blobs: Pick<BlobStore, 'restore'>;
  readonly log: Logger;
  readonly upgrades?: readonly DataUpgrade[];
}

export interface SnapshotContent {
  readonly manifest: SnapshotManifest;
  readonly secrets: Readonly<Record<string, Buffer>>;
  readonly totals: SnapshotTotals;
}

/** Reads the whole file and throws a {@link UserFacingError} unless it can be loaded: before anything is given up for it. */
export async function verifySnapshot(path: string): Promise<SnapshotContent> {
  let manifest: SnapshotManifest | undefined;
  let totals: SnapshotTotals | undefined;
  const secrets: Record<string, Buffer> = {};
  const found = { rows: 0, blobs: 0 };
  for await (const { kind, body } of readFrames(path)) {
    if (manifest === undefined && kind !== frameKinds.manifest) throw damaged(path, 'it does not say what it is');
    if (kind === frameKinds.manifest) manifest = JSON.parse(body.toString()) as SnapshotManifest;
    else if (kind === frameKinds.secret) {
      const { name, base64 } = JSON.parse(body.toString()) as { name: string; base64: string };
      secrets[name] = Buffer.from(base64, 'base64');
    } else if (kind === frameKinds.rows) found.rows += decodeRows(body).length;
    else if (kind === frameKinds.blob) found.blobs += 1;
    else if (kind === frameKinds.end) totals = JSON.parse(body.toString()) as SnapshotTotals;
    else if (kind !== frameKinds.blobPart) throw damaged(path, 'a part of it is of an unknown kind');
  }
  if (manifest === undefined || totals?.rows !== found.rows || totals.blobs !== found.blobs) throw damaged(path, 'parts of it are missing');
  if (manifest.dataFormat > dataFormat) {
    const text = `the snapshot ${path} was made by a newer version of haneul (its format is ${manifest.dataFormat}, not ${dataFormat})`;
    throw new UserFacingError(text, 'load it with that version');
  }
  return { manifest, secrets, totals };
}

/**
 * Replaces the whole state by that of a verified snapshot. When this is interrupted, the state is neither the old nor the new one:
 * whoever loads keeps the file until the end, and loads it again at the next start.
 */
export async function loadSnapshot({ path, store, blobs, log, upgrades = dataUpgrades }: SnapshotLoad): Promise<SnapshotContent> {
  const content = await verifySnapshot(path);
  await store.replaceRows(rowsOf(path));
  await runUpgrades({ store, from: content.manifest.dataFormat, upgrades, log, onUpgraded: async () => undefined });
  const frames = readFrames(path);
  let next = await frames.next();
  while (next.done !== true) {
    if (next.value.kind !== frameKinds.blob) next = await frames.next();
    else {
      const id = requireBlobId(next.value.body.toString());
      const body = createBody(frames);
      await blobs.restore(id, body.parts());
      next = body.following();
    }
  }
  return content;
}

async function* rowsOf(path: string): AsyncGenerator<readonly Row[]> {
  for await (const { kind, body } of readFrames(path)) if (kind === frameKinds.rows) yield decodeRows(body);
}

/** The parts of one blob, and the frame behind them, which only reading it shows. */
function createBody(frames: AsyncGenerator<Frame>): { parts(): AsyncGenerator<Buffer>; following(): IteratorResult<Frame> } {
  let next: IteratorResult<Frame> = { done: true, value: undefined };
  return {
    async *parts() {
      for (next = await frames.next(); next.done !== true && next.value.kind === frameKinds.blobPart; next = await frames.next()) {
        yield next.value.body;
      }
    },
    following: () => next,
  };
}
