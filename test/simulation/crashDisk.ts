import { createMemoryEngine } from '../../src/kv/drivers/memory/memoryEngine.ts';
import type { Engine } from '../../src/kv/engine.ts';

/** What becomes of a commit: it succeeds, or the process dies just before or just after it has reached the disk. */
export type CommitFate = 'succeeds' | 'dies before' | 'dies after';

export interface CrashDisk {
  /** The engine of a new process; the one before is dead from now on. */
  open(decide: () => CommitFate, onDeath: () => void): { readonly engine: Engine; isDead(): boolean };
}

/** A disk in memory that processes come and go on. A dead one's commits never settle, and its reads fail. */
export function createCrashDisk(): CrashDisk {
  const disk = createMemoryEngine();
  let killLast = (): void => undefined;
  return {
    open(decide, onDeath) {
      killLast();
      let dead = false;
      killLast = () => (dead = true);
      const requireAlive = (): void => {
        if (dead) throw new Error('this process is dead');
      };
      const die = (): Promise<void> => {
        dead = true;
        onDeath();
        return new Promise(() => undefined);
      };
      const engine: Engine = {
        get(key) {
          requireAlive();
          return disk.get(key);
        },
        range(options) {
          requireAlive();
          return disk.range(options);
        },
        snapshot() {
          requireAlive();
          return disk.snapshot();
        },
        async commit(batch) {
          if (dead) return die();
          const fate = decide();
          if (fate === 'dies before') return die();
          await disk.commit(batch);
          if (fate === 'dies after') return die();
          // As a disk does, it takes some turns.
          await new Promise((resolve) => setImmediate(resolve));
          if (dead) return new Promise(() => undefined);
        },
        backup: () => disk.backup(''),
        close: async () => undefined,
      };
      return { engine, isDead: () => dead };
    },
  };
}
