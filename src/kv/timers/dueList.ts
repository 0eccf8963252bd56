import type { Key, KeyRange, Store } from '../store.ts';

/** A due row. */
export interface DueTimer {
  readonly key: Key;
  readonly atMs: number;
  readonly service: string;
  readonly id: string;
}

export interface DueRange extends KeyRange {
  parse(key: Key): DueTimer;
}

const pageRows = 128;

/** The first due rows of one bucket, in order. Those behind them are in the store only. */
export class DueList {
  private readonly store: Pick<Store, 'read'>;
  private readonly range: DueRange;
  private known: DueTimer[] = [];
  /** Whether every row of the bucket is in `known`; if not, those up to its last one are. */
  private complete = false;
  private addedWhileReading: DueTimer[] | undefined;

  constructor(store: Pick<Store, 'read'>, range: DueRange) {
    this.store = store;
    this.range = range;
  }

  /** When the next row is due; never when there is none. Meaningful after `fill`. */
  get earliestMs(): number {
    return this.known[0]?.atMs ?? Infinity;
  }

  /** Reads the next rows when those in memory are used up. */
  async fill(): Promise<void> {
    if (this.known.length > 0 || this.complete) return;
    const { from, to } = this.range;
    const addedMeanwhile: DueTimer[] = [];
    this.addedWhileReading = addedMeanwhile;
    try {
      const rows = await this.store.read((tx) => tx.range({ from, to, limit: pageRows }));
      this.complete = rows.length < pageRows;
      this.known = rows.map(({ key }) => this.range.parse(key));
    } finally {
      this.addedWhileReading = undefined;
    }
    for (const due of addedMeanwhile) this.add(due);
  }

  /** Puts a row of the store into its place, unless it lies behind what is known. */
  add(due: DueTimer): void {
    const { known } = this;
    if (this.addedWhileReading !== undefined) return void this.addedWhileReading.push(due);
    let at = known.length;
    while (at > 0 && Buffer.compare((known[at - 1] as DueTimer).key, due.key) > 0) at -= 1;
    if (at === known.length && !this.complete) return;
    const before = known[at - 1];
    if (before !== undefined && Buffer.compare(before.key, due.key) === 0) return;
    known.splice(at, 0, due);
    if (known.length > 2 * pageRows) {
      known.length = pageRows;
      this.complete = false;
    }
  }

  /** Takes out up to `limit` rows that are due at `atMs`. */
  take(atMs: number, limit: number): DueTimer[] {
    let count = 0;
    while (count < limit && this.known[count]?.atMs === atMs) count += 1;
    return this.known.splice(0, count);
  }

  /** Forgets what is known when the store has an earlier row, and tells whether it had. */
  async check(): Promise<boolean> {
    const { from, to } = this.range;
    const [row] = await this.store.read((tx) => tx.range({ from, to, limit: 1 }));
    const first = this.known[0];
    if (row === undefined || this.addedWhileReading !== undefined) return false;
    // A later one only means that the known one is gone, which firing it will find.
    if (first !== undefined && Buffer.compare(row.key, first.key) >= 0) return false;
    this.known = [];
    this.complete = false;
    return true;
  }
}
