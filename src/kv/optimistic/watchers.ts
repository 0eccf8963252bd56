// Hints are found by looking up the prefixes of each written key, one look-up for each length in use: thousands of watchers of
// the same few kinds cost no more than one.
import { setMaxListeners } from 'node:events';
import { keyText } from '../keyText.ts';
import type { Key } from '../store.ts';
import type { CommitRecord } from './overlay.ts';

interface Watcher {
  readonly text: string;
  notify(): void;
}

export class Watchers {
  private readonly byLength = new Map<number, Map<string, Set<Watcher>>>();
  private readonly closing = new AbortController();

  constructor() {
    // Each watcher listens, which is no leak.
    setMaxListeners(0, this.closing.signal);
  }

  /** See `Store.watch`. Watches from the call on, not from the first `next`. */
  watch(prefix: Key, signal: AbortSignal): AsyncIterable<void> {
    let hinted = false;
    let ended = false;
    let wake: (() => void) | undefined;
    const wakeUp = (): void => {
      wake?.();
      wake = undefined;
    };
    const watcher: Watcher = {
      text: keyText(prefix),
      notify: () => {
        hinted = true;
        wakeUp();
      },
    };
    const end = (): void => {
      ended = true;
      this.remove(watcher);
      signal.removeEventListener('abort', end);
      this.closing.signal.removeEventListener('abort', end);
      wakeUp();
    };
    if (signal.aborted || this.closing.signal.aborted) ended = true;
    else {
      this.add(watcher);
      signal.addEventListener('abort', end);
      this.closing.signal.addEventListener('abort', end);
    }
    const iterator: AsyncIterator<void> = {
      async next() {
        while (!hinted && !ended) await new Promise<void>((resolve) => (wake = resolve));
        hinted = false;
        return ended ? { done: true, value: undefined } : { done: false, value: undefined };
      },
      async return() {
        end();
        return { done: true, value: undefined };
      },
    };
    return { [Symbol.asyncIterator]: () => iterator };
  }

  notify(records: readonly CommitRecord[]): void {
    if (this.byLength.size === 0) return;
    for (const record of records) {
      for (const { text } of record.entries) {
        for (const [length, byText] of this.byLength) {
          for (const watcher of byText.get(text.slice(0, length)) ?? []) watcher.notify();
        }
      }
      for (const clear of record.clears ?? []) this.notifyCleared(clear.from, clear.to);
    }
  }

  /** Ends every watch. */
  close(): void {
    this.closing.abort();
  }

  private notifyCleared(from: string, to: string): void {
    for (const byText of this.byLength.values()) {
      for (const [text, watchers] of byText) {
        if (text < to && (text >= from || from.startsWith(text))) for (const watcher of watchers) watcher.notify();
      }
    }
  }

  private add(watcher: Watcher): void {
    const { text } = watcher;
    let byText = this.byLength.get(text.length);
    if (byText === undefined) this.byLength.set(text.length, (byText = new Map()));
    const watchers = byText.get(text);
    if (watchers === undefined) byText.set(text, new Set([watcher]));
    else watchers.add(watcher);
  }

  private remove(watcher: Watcher): void {
    const { text } = watcher;
    const byText = this.byLength.get(text.length);
    const watchers = byText?.get(text);
    watchers?.delete(watcher);
    if (watchers?.size === 0) byText?.delete(text);
    if (byText?.size === 0) this.byLength.delete(text.length);
  }
}
