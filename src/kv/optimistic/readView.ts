import type { Clock } from '../../base/clock.ts';
import { InvariantError } from '../../base/errors.ts';
import type { EngineSnapshot } from '../engine.ts';
import { transactionMsMax } from '../limits.ts';
import type { Key, RangeOptions, ReadTransaction, Row, Value } from '../store.ts';
import { requireKey, requireRange } from './transaction.ts';

/** The transaction of `Store.read`: the engine's own snapshot, which holds exactly what has been acknowledged. */
export class ReadView implements ReadTransaction {
  readonly startedMs: number;
  private readonly snapshot: EngineSnapshot;
  private readonly clock: Clock;
  private released = false;

  constructor(snapshot: EngineSnapshot, clock: Clock) {
    this.snapshot = snapshot;
    this.clock = clock;
    this.startedMs = clock.now();
  }

  async get(key: Key): Promise<Value | undefined> {
    this.requireUsable();
    requireKey(key);
    return this.snapshot.get(key);
  }

  async range(options: RangeOptions): Promise<Row[]> {
    this.requireUsable();
    requireRange(options);
    return options.limit === 0 || Buffer.compare(options.from, options.to) >= 0 ? [] : this.snapshot.range(options);
  }

  release(): void {
    if (!this.released) this.snapshot.release();
    this.released = true;
  }

  private requireUsable(): void {
    const tookMs = this.clock.now() - this.startedMs;
    if (this.released || tookMs > transactionMsMax) {
      throw new InvariantError('a read was used after its end or for longer than transactionMsMax', { tookMs, transactionMsMax });
    }
  }
}
