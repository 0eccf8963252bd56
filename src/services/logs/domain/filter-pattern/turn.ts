import { turnMatchStepsMax } from '../../limits.ts';

/** What a test says: at once, or after others have had their turn. */
export type Verdict = boolean | Promise<boolean>;

/** Counts the work done since others had their turn. */
export interface Turn {
  /** To be called after a piece of work: undefined while there is time left, else a promise to go on behind. */
  spend(steps: number): Promise<void> | undefined;
}

export function createTurn(): Turn {
  let left = turnMatchStepsMax;
  return {
    spend(steps) {
      left -= steps;
      if (left > 0) return undefined;
      left = turnMatchStepsMax;
      return new Promise((resolve) => setImmediate(resolve));
    },
  };
}

/** Whether the test holds for every item; the items behind the first for which it does not are left alone. */
export function holdsForEvery<T>(items: readonly T[], test: (item: T, at: number) => Verdict, from = 0): Verdict {
  for (let at = from; at < items.length; at += 1) {
    const verdict = test(items[at] as T, at);
    if (typeof verdict !== 'boolean') return verdict.then((holds) => holds && holdsForEvery(items, test, at + 1));
    if (!verdict) return false;
  }
  return true;
}

/** Whether the test holds for one of the items; those behind it are left alone. */
export function holdsForSome<T>(items: readonly T[], test: (item: T, at: number) => Verdict): Verdict {
  return negate(holdsForEvery(items, (item, at) => negate(test(item, at))));
}

/** Whether both hold; the second is not looked at when the first does not. */
export function andThen(verdict: Verdict, next: () => Verdict): Verdict {
  if (typeof verdict === 'boolean') return verdict && next();
  return verdict.then((holds) => holds && next());
}

export function negate(verdict: Verdict): Verdict {
  return typeof verdict === 'boolean' ? !verdict : verdict.then((holds) => !holds);
}
