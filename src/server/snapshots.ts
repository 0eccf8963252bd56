// Snapshots of the running server (design: "Time, tests, faults"): saved to a draft on this disk first, so that a failure is an answer
// and not half a download; loaded only after the whole upload has been checked.
import { createWriteStream } from 'node:fs';
import { open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { verifySnapshot } from '../blob/snapshot/loadSnapshot.ts';
import { saveSnapshot, type SnapshotTotals } from '../blob/snapshot/saveSnapshot.ts';
import { NoSpaceError, ServiceError, systemErrorCode, UserFacingError } from '../base/errors.ts';
import { hexId } from '../base/ids.ts';
import type { Foundation } from './composition.ts';
import { snapshotBytesMax } from './limits.ts';
import type { Platform } from './platform.ts';
import { sealKeyName } from './secrets.ts';

export interface Snapshots {
  /** The state of now. The file behind `content` is gone once that is closed. */
  save(): Promise<{ readonly content: Readable; readonly bytes: number }>;
  /** Replaces everything by what is uploaded. Refuses what is no whole snapshot before anything is given up. */
  load(upload: AsyncIterable<Uint8Array>): Promise<SnapshotTotals>;
}

/** Saves and loads snapshots, one at a time. */
export function createSnapshots(foundation: Foundation, platform: Platform, description: Readonly<Record<string, string>>): Snapshots {
  const { storage, random, wall, log } = foundation;
  let busy = false;

  async function exclusively<T>(work: (path: string) => Promise<T>): Promise<T> {
    if (busy) throw new ServiceError('Conflict', 'A snapshot is being saved or loaded already; try again when it is done.', { status: 409 });
    busy = true;
    const path = join(storage.snapshotFolder, `${hexId(random, 16)}.draft`);
    try {
      return await work(path);
    } catch (error) {
      throw explain(error, path);
    } finally {
      busy = false;
      await rm(path, { force: true });
    }
  }

  return {
    save: () =>
      exclusively(async (path) => {
        // Within `use`, so that no reset takes away what is being read.
        await platform.use(async ({ composition }) => {
          await composition.settle();
          const { store } = storage;
          const about = { ...description, savedAt: new Date(wall.now()).toISOString() };
          // A key that the operator keeps stays with the operator: whoever loads the snapshot brings it along.
          const secrets: Record<string, Uint8Array> = foundation.options.sealKeyFile === undefined ? { [sealKeyName]: platform.sealKey() } : {};
          await saveSnapshot({ path, store, blobs: storage.blobs(), secrets, description: about });
        });
        const { size } = await stat(path);
        const file = await open(path, 'r');
        return { content: file.createReadStream(), bytes: size };
      }),
    load: (upload) =>
      exclusively(async (path) => {
        await pipeline(upload, limitBytes, createWriteStream(path, { mode: 0o600 }));
        const file = await open(path, 'r');
        await file.sync().finally(() => file.close());
        await verifySnapshot(path);
        const { totals } = await platform.load(path);
        log.info('a snapshot was loaded', { ...totals });
        return totals;
      }),
  };
}

async function* limitBytes(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > snapshotBytesMax) throw new ServiceError('TooLarge', `A snapshot may have ${snapshotBytesMax} bytes.`, { status: 413 });
    yield chunk;
  }
}

// The caller named no file of this machine, so the message names none either.
function explain(error: unknown, path: string): unknown {
  const code = systemErrorCode(error);
  if (code === 'ENOSPC' || code === 'EDQUOT' || error instanceof NoSpaceError) return new ServiceError('InsufficientStorage', 'There is no space left for the snapshot.', { status: 507 });
  if (code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ECONNRESET') return new ServiceError('RequestAborted', 'The upload was cut short.', { status: 400 });
  if (!(error instanceof UserFacingError)) return error;
  const text = error.message.replace(`the snapshot ${path}`, 'the snapshot').replace(path, 'the file');
  return new ServiceError('InvalidSnapshot', `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`, { status: 400 });
}
