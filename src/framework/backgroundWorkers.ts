// What runs in the background for rows, by name: each at the revision of the row that it was started for, and ended once.

export interface BackgroundWorker {
  /** Takes on nothing more, and waits for what is under way. */
  stop(): Promise<void>;
}

export interface BackgroundWorkers {
  /** Undefined when nothing runs under this name; one that is ending still does. */
  revisionOf(name: string): number | undefined;
  add(name: string, revision: number, worker: BackgroundWorker): void;
  end(name: string): void;
  endAll(): void;
  /** Those of other names have no row any more. */
  keepOnly(names: ReadonlySet<string>): void;
  /** Resolves when those that were told to end have ended. */
  ended(): Promise<void>;
}

/** `onEnded` hears of each that is gone: something else may be wanted in its place. */
export function createBackgroundWorkers(onEnded: () => void): BackgroundWorkers {
  const running = new Map<string, { readonly revision: number; readonly worker: BackgroundWorker; ending: Promise<void> | undefined }>();

  function end(name: string): void {
    const one = running.get(name);
    if (one === undefined) return;
    one.ending ??= one.worker.stop().finally(() => {
      running.delete(name);
      onEnded();
    });
  }

  return {
    revisionOf: (name) => running.get(name)?.revision,
    add(name, revision, worker) {
      running.set(name, { revision, worker, ending: undefined });
    },
    end,
    endAll() {
      for (const name of running.keys()) end(name);
    },
    keepOnly(names) {
      for (const name of running.keys()) if (!names.has(name)) end(name);
    },
    async ended() {
      await Promise.all([...running.values()].map(({ ending }) => ending));
    },
  };
}
