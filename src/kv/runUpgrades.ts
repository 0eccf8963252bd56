import { InvariantError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { DataUpgrade } from './dataFormat.ts';
import { decodeRecord, encodeRecord } from './record.ts';
import type { Store } from './store.ts';
import { nextKey, packKey } from './tuple.ts';

export interface UpgradeRun {
  readonly store: Pick<Store, 'read' | 'transact' | 'getMany'>;
  /** The format of what is stored, as far as whole upgrades have come. */
  readonly from: number;
  readonly upgrades: readonly DataUpgrade[];
  readonly log: Logger;
  /** Called after each whole upgrade with the format that has been reached; makes it durable. */
  onUpgraded(format: number): Promise<void>;
}

interface Progress {
  /** The last row that was looked at. */
  readonly after: Uint8Array;
}

const pageRows = 100;

/** Brings what is stored to the newest format, page by page; begun by one process, it is finished by the next. */
export async function runUpgrades({ store, from, upgrades, log, onUpgraded }: UpgradeRun): Promise<void> {
  for (let format = from; format < 1 + upgrades.length; format += 1) {
    const upgrade = upgrades[format - 1];
    if (upgrade?.from !== format) throw new InvariantError('there is no upgrade from this format', { format });
    log.info('upgrading the data', { from: format, to: format + 1, what: upgrade.title });
    await runUpgrade(store, upgrade);
    await onUpgraded(format + 1);
    // Only now: a note without the format would begin the upgrade again, on rows that have had it.
    await store.transact(async (tx) => tx.clear(progressKey(format)));
  }
}

async function runUpgrade(store: UpgradeRun['store'], { from: format, range, apply }: DataUpgrade): Promise<void> {
  const key = progressKey(format);
  const [saved] = await store.getMany([key]);
  let { from } = range;
  if (saved !== undefined) from = nextKey(decodeRecord<Progress>(saved, key).after);
  for (;;) {
    const last = await store.transact(async (tx) => {
      const rows = Buffer.compare(from, range.to) < 0 ? await tx.range({ from, to: range.to, limit: pageRows }) : [];
      const end = rows.at(-1)?.key;
      if (end === undefined) return undefined;
      await apply(tx, rows);
      tx.set(key, encodeRecord({ after: end } satisfies Progress));
      return end;
    });
    if (last === undefined) return;
    from = nextKey(last);
  }
}

function progressKey(format: number): Uint8Array {
  return packKey([null, 'upgrade', format]);
}
