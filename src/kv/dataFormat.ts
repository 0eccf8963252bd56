// What lies in a data directory or a snapshot has a format number. A change that older programs would misread, or that this program
// needs made to older data, is one more entry of `dataUpgrades`; entries are never changed once released.
import type { KeyRange, Row, Transaction } from './store.ts';

/** Makes data of format `from` data of format `from + 1`. */
export interface DataUpgrade {
  readonly from: number;
  /** What the person who waits for it reads. */
  readonly title: string;
  /** The rows to look at. Those that the upgrade itself writes inside it behind its place are looked at too. */
  readonly range: KeyRange;
  /**
   * Changes what the next rows need. Runs in one transaction with the note of how far the upgrade has come, so every row is seen once by
   * an attempt that counts, whatever is killed in between.
   */
  apply(tx: Transaction, rows: readonly Row[]): Promise<void>;
}

export const dataUpgrades: readonly DataUpgrade[] = [];

/** The format of what this program writes. */
export const dataFormat = 1 + dataUpgrades.length;
