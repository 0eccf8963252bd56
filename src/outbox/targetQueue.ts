// The queue of one ARN: which envelopes are next, how many are under way. Unordered envelopes and lanes take turns; a lane is in here
// at most once, so one envelope of it is under way at a time. What is waiting in memory is a page of what is in the store.
import { decodeRecord } from '../kv/record.ts';
import type { Row, Store } from '../kv/store.ts';
import { nextKey } from '../kv/tuple.ts';
import { pageRows } from './limits.ts';
import { lanesRange, unorderedPrefix } from './rows.ts';
import type { QueueRow } from './rows.ts';

/** An unordered envelope, or a lane whose first envelope is meant. */
export interface Candidate {
  readonly name: string;
  readonly row: QueueRow;
  readonly key: Uint8Array;
}

export interface TargetQueueOptions {
  readonly target: string;
  readonly store: Pick<Store, 'read' | 'tail'>;
  readonly concurrency: number;
  /** Room for one more among all targets' deliveries; whoever gets none is woken when there is some. */
  takeSlot(queue: TargetQueue): boolean;
  releaseSlot(): void;
  /** Resolves, and never rejects, when the envelope has been settled, to whether its lane has more. */
  deliver(candidate: Candidate): Promise<boolean>;
  onReadFailed(error: unknown): void;
}

export class TargetQueue {
  private readonly options: TargetQueueOptions;
  private readonly underWay = new Set<string>();
  private waiting: Candidate[] = [];
  /** Something may have been added to the store since the last look. */
  private hinted = false;
  /** The last look did not see everything. */
  private more = false;
  private lanesAfter: Uint8Array | undefined;
  private working = false;
  private wanted = false;
  private stopped = false;

  constructor(options: TargetQueueOptions) {
    this.options = options;
  }

  get idle(): boolean {
    return this.underWay.size === 0 && this.waiting.length === 0 && !this.working && !this.more;
  }

  /** There may be something to deliver. */
  wake(): void {
    this.hinted = true;
    this.resume();
  }

  /** There may be room to deliver. */
  resume(): void {
    if (this.stopped) return;
    this.wanted = true;
    if (this.working) return;
    this.working = true;
    this.wanted = false;
    void this.work()
      // Looked at again by the safety scan.
      .catch(this.options.onReadFailed)
      .finally(() => {
        this.working = false;
        if (this.wanted) this.resume();
      });
  }

  stop(): void {
    this.stopped = true;
    this.waiting = [];
  }

  private async work(): Promise<void> {
    while (!this.stopped) {
      while (this.waiting.length > 0 && this.underWay.size < this.options.concurrency) {
        if (!this.options.takeSlot(this)) return;
        this.start(this.waiting.shift() as Candidate);
      }
      if (this.underWay.size >= this.options.concurrency || !(this.hinted || this.more)) return;
      this.hinted = false;
      await this.find();
    }
  }

  private start(candidate: Candidate): void {
    this.underWay.add(candidate.name);
    void this.options.deliver(candidate).then((laneHasMore) => {
      this.underWay.delete(candidate.name);
      this.options.releaseSlot();
      // When other lanes are out of sight, this one queues behind them, in the store.
      if (laneHasMore && !this.more) this.waiting.push(candidate);
      else if (laneHasMore) this.hinted = true;
      this.resume();
    });
  }

  private async find(): Promise<void> {
    const { store, target } = this.options;
    const known = new Set(this.underWay);
    for (const { name } of this.waiting) known.add(name);
    const limit = known.size + pageRows;
    const lanes = lanesRange(target);
    const from = this.lanesAfter === undefined ? lanes.from : nextKey(this.lanesAfter);
    const [unordered, laneRows] = await Promise.all([
      store.tail(unorderedPrefix(target), undefined, limit),
      store.read((tx) => tx.range({ from, to: lanes.to, limit })),
    ]);
    this.more = unordered.length === limit || laneRows.length === limit || this.lanesAfter !== undefined;
    this.lanesAfter = laneRows.length === limit ? laneRows.at(-1)?.key : undefined;
    // Whatever began or ended meanwhile is known, too.
    for (const name of this.underWay) known.add(name);
    for (let index = 0; index < Math.max(unordered.length, laneRows.length); index += 1) {
      for (const candidate of [readCandidate(unordered[index]), readCandidate(laneRows[index])]) {
        if (candidate === undefined || known.has(candidate.name)) continue;
        known.add(candidate.name);
        this.waiting.push(candidate);
      }
    }
  }
}

function readCandidate(row: Row | undefined): Candidate | undefined {
  if (row === undefined) return undefined;
  const queueRow = decodeRecord<QueueRow>(row.value, row.key);
  const name = queueRow.orderingKey === undefined ? `id ${queueRow.id}` : `lane ${queueRow.orderingKey}`;
  return { name, row: queueRow, key: row.key };
}
