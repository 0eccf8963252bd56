import type { Random } from '../../base/random.ts';
import { sandboxUidFirst, sandboxUidLast } from '../limits.ts';

/** Hands out user ids, each to one live environment only. Starts anywhere in the range, so that two servers rarely share one. */
export class UidPool {
  readonly #taken = new Set<number>();
  #next: number;

  constructor(random: Random) {
    this.#next = sandboxUidFirst + Math.floor(random.fraction() * (sandboxUidLast - sandboxUidFirst + 1));
  }

  take(): number {
    for (let tries = sandboxUidLast - sandboxUidFirst; tries >= 0; tries -= 1) {
      const uid = this.#next;
      this.#next = uid === sandboxUidLast ? sandboxUidFirst : uid + 1;
      if (this.#taken.has(uid)) continue;
      this.#taken.add(uid);
      return uid;
    }
    throw new Error('all sandbox user ids are in use');
  }

  release(uid: number): void {
    this.#taken.delete(uid);
  }
}
