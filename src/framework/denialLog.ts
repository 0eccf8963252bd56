import type { Denial } from './denial.ts';
import { denialsKept } from './limits.ts';

/** The denials of late, in memory: what `haneul why` tells. An encoded message tells its denial for as long as its key lives. */
export interface DenialLog {
  add(denial: Denial): void;
  /** All denials of one request: in audit mode there can be several. */
  ofRequest(requestId: string): readonly Denial[];
  /** The newest first. */
  latest(count: number): readonly Denial[];
}

/** Keeps the newest `kept` denials. */
export function createDenialLog(kept: number = denialsKept): DenialLog {
  const ring: Denial[] = [];
  let oldest = 0;
  const inOrder = (): readonly Denial[] => [...ring.slice(oldest), ...ring.slice(0, oldest)];
  return {
    add(denial) {
      if (ring.length < kept) {
        ring.push(denial);
        return;
      }
      ring[oldest] = denial;
      oldest = (oldest + 1) % kept;
    },
    ofRequest: (requestId) => inOrder().filter((denial) => denial.requestId === requestId),
    latest: (count) => inOrder().slice(-count).reverse(),
  };
}
