import { keyText } from './keyText.ts';
import type { OrderedMap } from './orderedMap.ts';
import type { Key, RangeOptions, Row, Value } from './store.ts';
import { nextKey } from './tuple.ts';

/** What lies over a row of the state below; without a value the row is gone. */
export interface Patch {
  readonly key: Key;
  readonly value: Value | undefined;
}

/**
 * The rows of `readBase` with `patches` (ascending, all within the range) laid over them. A base row for which `hides` answers
 * true is gone as well.
 */
export function mergeRange(
  readBase: (options: RangeOptions) => Row[],
  patches: readonly Patch[],
  options: RangeOptions,
  hides?: (text: string) => boolean,
): Row[] {
  if (patches.length === 0 && hides === undefined) return readBase(options);
  const reverse = options.reverse === true;
  const base = createCursor(readBase, options, options.limit + patches.length);
  const rows: Row[] = [];
  let at = reverse ? patches.length - 1 : 0;
  while (rows.length < options.limit) {
    const below = base.peek();
    const patch = patches[at];
    if (below === undefined && patch === undefined) break;
    const order = patch === undefined ? -1 : below === undefined ? 1 : Buffer.compare(below.key, patch.key) * (reverse ? -1 : 1);
    if (order < 0) {
      base.skip();
      if (below !== undefined && !(hides !== undefined && hides(keyText(below.key)))) rows.push(below);
      continue;
    }
    if (order === 0) base.skip();
    at += reverse ? -1 : 1;
    if (patch?.value !== undefined) rows.push({ key: patch.key, value: patch.value });
  }
  return rows;
}

/** The patches of `map` in the range, ascending. */
export function patchesIn<Entry extends Patch>(map: OrderedMap<Entry>, from: string, to: string): Entry[] {
  const found: Entry[] = [];
  map.scan(from, to, false, (_text, entry) => {
    found.push(entry);
    return true;
  });
  return found;
}

interface Cursor {
  peek(): Row | undefined;
  skip(): void;
}

const chunkRowsMax = 1_000;

// Hidden rows make it unknowable how many base rows are needed, so they are read piece by piece.
function createCursor(readBase: (options: RangeOptions) => Row[], options: RangeOptions, expected: number): Cursor {
  const limit = Math.min(expected, chunkRowsMax);
  const reverse = options.reverse === true;
  let { from, to } = options;
  let rows = readBase({ from, to, limit, reverse });
  let at = 0;
  return {
    peek() {
      if (at === rows.length && rows.length === limit) {
        const last = rows[at - 1];
        if (last === undefined) return undefined;
        if (reverse) to = last.key;
        else from = nextKey(last.key);
        rows = readBase({ from, to, limit, reverse });
        at = 0;
      }
      return rows[at];
    },
    skip() {
      at += 1;
    },
  };
}
