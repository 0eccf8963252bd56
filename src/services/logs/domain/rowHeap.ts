import { comparePositions } from './position.ts';
import type { Position } from './position.ts';

/** A row that is being read. */
export interface OpenRow {
  readonly streamId: number;
  readonly firstMs: number;
  readonly sequence: number;
  readonly ingestedAtMs: number;
  readonly events: readonly (readonly [number, string | number])[];
  /** The event that comes next. */
  at: number;
}

export interface RowHeap {
  /** Where the next event of all rows stands. */
  top(): Position | undefined;
  push(row: OpenRow): void;
  pop(): OpenRow | undefined;
}

interface Entry {
  readonly position: Position;
  readonly row: OpenRow;
}

/** Open rows, the one with the next event (in the direction of reading) first: a binary heap. */
export function createRowHeap(reverse: boolean): RowHeap {
  const entries: Entry[] = [];
  const before = (a: Entry, b: Entry): boolean => {
    const order = comparePositions(a.position, b.position);
    return reverse ? order > 0 : order < 0;
  };
  return {
    top: () => entries[0]?.position,
    push(row) {
      const entry = { position: positionOf(row), row };
      let at = entries.length;
      entries.push(entry);
      while (at > 0) {
        const parent = (at - 1) >> 1;
        const above = entries[parent];
        if (!above || !before(entry, above)) break;
        entries[at] = above;
        at = parent;
      }
      entries[at] = entry;
    },
    pop() {
      const first = entries[0];
      const moved = entries.pop();
      if (!first || !moved || entries.length === 0) return first?.row;
      let at = 0;
      for (;;) {
        let child = 2 * at + 1;
        const [left, right] = [entries[child], entries[child + 1]];
        if (!left) break;
        const smaller = right && before(right, left) ? right : left;
        if (smaller === right) child += 1;
        if (!before(smaller, moved)) break;
        entries[at] = smaller;
        at = child;
      }
      entries[at] = moved;
      return first.row;
    },
  };
}

/** Where the next event of an open row stands. */
export function positionOf(row: OpenRow): Position {
  const [offsetMs] = row.events[row.at] ?? [0];
  return { timestampMs: row.firstMs + offsetMs, streamId: row.streamId, sequence: row.sequence, index: row.at + 1 };
}
