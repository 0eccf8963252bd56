import type { EngineWrite } from '../engine.ts';
import type { CommitRecord } from './overlay.ts';

/** Commits that reach the disk together. */
export class Batch {
  readonly sequence: number;
  readonly writes: EngineWrite[] = [];
  readonly records: CommitRecord[] = [];
  readonly done: Promise<void>;
  hasClears = false;
  bytes = 0;
  durable = false;
  succeed: () => void = () => undefined;
  fail: (error: unknown) => void = () => undefined;

  constructor(sequence: number) {
    this.sequence = sequence;
    this.done = new Promise((resolve, reject) => {
      this.succeed = resolve;
      this.fail = reject;
    });
    // A batch may fail that nobody happens to wait for; those who do wait get the rejection from their own `await`.
    this.done.catch(() => undefined);
  }
}
