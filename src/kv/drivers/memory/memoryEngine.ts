import { UserFacingError } from '../../../base/errors.ts';
import type { Engine, EngineSnapshot, EngineWrite } from '../../engine.ts';
import { keyText } from '../../keyText.ts';
import { mergeRange, patchesIn } from '../../mergeRange.ts';
import type { Patch } from '../../mergeRange.ts';
import { OrderedMap } from '../../orderedMap.ts';
import type { RangeOptions, Row } from '../../store.ts';

/** An engine that keeps everything in memory; "durable" means applied. */
export function createMemoryEngine(): Engine {
  const byText = new Map<string, Row>();
  const ordered = new OrderedMap<Row>();
  // A snapshot is the current state under the old values of what has changed since.
  const undoLogs = new Set<OrderedMap<Patch>>();

  function put(text: string, write: Pick<EngineWrite, 'key' | 'value'>): void {
    const { key, value } = write;
    for (const undo of undoLogs) {
      if (undo.get(text) === undefined) undo.set(text, { key, value: byText.get(text)?.value });
    }
    if (value === undefined) {
      if (byText.delete(text)) ordered.delete(text);
      return;
    }
    const row: Row = { key, value };
    byText.set(text, row);
    ordered.set(text, row);
  }

  function range({ from, to, limit, reverse }: RangeOptions): Row[] {
    const rows: Row[] = [];
    ordered.scan(keyText(from), keyText(to), reverse === true, (_text, row) => rows.push(row) < limit);
    return rows;
  }

  return {
    get: (key) => byText.get(keyText(key))?.value,
    range,
    snapshot(): EngineSnapshot {
      const undo = new OrderedMap<Patch>();
      undoLogs.add(undo);
      return {
        get(key) {
          const text = keyText(key);
          const old = undo.get(text);
          return old === undefined ? byText.get(text)?.value : old.value;
        },
        range: (options) => mergeRange(range, patchesIn(undo, keyText(options.from), keyText(options.to)), options),
        release: () => void undoLogs.delete(undo),
      };
    },
    async commit(batch) {
      for (const write of batch) {
        if (write.to === undefined) put(keyText(write.key), write);
        else {
          const cleared: string[] = [];
          ordered.scan(keyText(write.key), keyText(write.to), false, (text) => cleared.push(text) > 0);
          for (const text of cleared) put(text, { key: byText.get(text)?.key ?? write.key, value: undefined });
        }
      }
    },
    async backup() {
      throw new UserFacingError('a store in memory cannot be backed up', 'start with a data directory to keep and back up data');
    },
    async close() {
      byText.clear();
      ordered.clear();
    },
  };
}
