// LMDB must never meet a full disk: after a commit that it could not write, lmdb-js corrupts the heap of the process (seen with 3.5.6:
// "malloc(): invalid size" a few refused commits later). So the file is grown here, ahead of each commit that could outgrow it, with
// zeros that LMDB overwrites; what fails for lack of space is then an ordinary write of ours. LMDB finds the end of its pages in its
// meta page, not in the length of the file.
import { open, type FileHandle } from 'node:fs/promises';
import type { EngineWrite } from '../../engine.ts';

// Every write may copy the pages on its way from the root, and split them; a tree of 2^48 bytes has no more levels.
const pagesPerWrite = 8;
// A range clear frees the pages that it empties, and uses them again within the commit; what it adds is the list of them.
const pagesPerClear = 128;
// The commit's own book-keeping: free pages, both roots.
const pagesPerCommit = 64;
const growthBytesMin = 1024 * 1024;
const growthBytesMax = 16 * 1024 * 1024;
const zerosBytes = 1024 * 1024;

/** Keeps room in the data file for what the next commit may write. */
export interface DiskRoom {
  /** Grows the file if `batch` could outgrow it. Rejects with the system's error (`ENOSPC`, `EDQUOT`) where there is no room. */
  reserve(batch: readonly EngineWrite[]): Promise<void>;
  close(): Promise<void>;
}

/** `usedBytes` tells where LMDB's pages end: asked only when the estimate since the last time has used up what there was. */
export async function openDiskRoom(path: string, pageSize: number, usedBytes: () => number): Promise<DiskRoom> {
  const file = await open(path, 'r+');
  let fileBytes = (await file.stat()).size;
  let usedBytesMax = usedBytes();

  return {
    async reserve(batch) {
      const neededBytes = bytesOf(batch, pageSize);
      if (usedBytesMax + neededBytes > fileBytes) {
        usedBytesMax = usedBytes();
        if (usedBytesMax + neededBytes > fileBytes) {
          const growthBytes = Math.min(Math.max(fileBytes / 8, growthBytesMin), growthBytesMax);
          fileBytes = await grow(file, fileBytes, usedBytesMax + neededBytes, growthBytes);
        }
      }
      usedBytesMax += neededBytes;
    },
    close: () => file.close(),
  };
}

// More than is needed is welcome, and no reason to fail.
async function grow(file: FileHandle, fileBytes: number, neededBytes: number, growthBytes: number): Promise<number> {
  let end = fileBytes;
  const wishedBytes = Math.ceil((neededBytes + growthBytes) / zeros.length) * zeros.length;
  try {
    while (end < wishedBytes) {
      const { bytesWritten } = await file.write(zeros, 0, Math.min(zeros.length, wishedBytes - end), end);
      end += bytesWritten;
    }
  } catch (error) {
    if (end < neededBytes) throw error;
  }
  return end;
}

const zeros = new Uint8Array(zerosBytes);

function bytesOf(batch: readonly EngineWrite[], pageSize: number): number {
  let bytes = pagesPerCommit * pageSize;
  for (const { to, value } of batch) bytes += (to === undefined ? pagesPerWrite : pagesPerClear) * pageSize + (value?.length ?? 0);
  return bytes;
}
