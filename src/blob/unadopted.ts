import type { Clock } from '../base/clock.ts';
import type { BlobId } from './blobId.ts';

/** How long a blob may wait for the transaction that adopts it: far longer than any request lasts. */
export const adoptionMsMax = 3_600_000;

export interface Unadopted {
  born(id: BlobId): void;
  settled(id: BlobId): void;
  close(): void;
}

/** Watches the blobs that this process has put and nobody has adopted: one wake-up for the oldest, none when there are none. */
export function watchUnadopted(clock: Clock, remove: (id: BlobId) => void): Unadopted {
  // In the order of their birth.
  const bornMs = new Map<BlobId, number>();
  let cancel: (() => void) | undefined;

  function plan(): void {
    const [oldest] = bornMs.values();
    if (cancel === undefined && oldest !== undefined) cancel = clock.at(oldest + adoptionMsMax, collect);
  }

  function collect(): void {
    cancel = undefined;
    for (const [id, atMs] of bornMs) {
      if (atMs + adoptionMsMax > clock.now()) break;
      bornMs.delete(id);
      remove(id);
    }
    plan();
  }

  return {
    born(id) {
      bornMs.set(id, clock.now());
      plan();
    },
    settled: (id) => void bornMs.delete(id),
    close() {
      cancel?.();
      bornMs.clear();
    },
  };
}
