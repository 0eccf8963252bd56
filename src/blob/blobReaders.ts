import type { BlobId } from './blobId.ts';

/** Who reads which blobs: what is removed meanwhile stays until they have done. */
export interface BlobReaders {
  keep(ids: readonly BlobId[]): () => void;
  /** True when somebody reads it: its removal comes later. */
  defers(id: BlobId): boolean;
}

/** Counts readers; `remove` is called for what was to be removed once its last reader has gone. */
export function createBlobReaders(remove: (id: BlobId) => void): BlobReaders {
  const readers = new Map<BlobId, number>();
  const unwanted = new Set<BlobId>();

  function leave(id: BlobId): void {
    const left = (readers.get(id) ?? 1) - 1;
    if (left > 0) return void readers.set(id, left);
    readers.delete(id);
    if (unwanted.delete(id)) remove(id);
  }

  return {
    keep(ids) {
      for (const id of ids) readers.set(id, (readers.get(id) ?? 0) + 1);
      let released = false;
      return () => {
        if (released) return;
        released = true;
        ids.forEach(leave);
      };
    },
    defers(id) {
      if (readers.has(id)) unwanted.add(id);
      return readers.has(id);
    },
  };
}
