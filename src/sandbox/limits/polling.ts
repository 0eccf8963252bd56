// Where no cgroup can be had, the tree is looked at many times a second and killed when it is over its limit. Short peaks and
// fast fork bombs can slip through between two looks; the process limit of the launcher (RLIMIT_NPROC) bounds the latter.
import { readFile } from 'node:fs/promises';
import type { Clock } from '../../base/clock.ts';
import { pollIntervalMs } from '../limits.ts';
import { readFields } from './residentMemory.ts';
import type { Limiter, LimitGroup, LimitRequest, WatchedTree } from './limiter.ts';

/** Limits by looking: memory and process count, no processor share. */
export function openPolling({ wall, remedy }: { readonly wall: Clock; readonly remedy: string }): Limiter {
  return {
    kind: 'polling',
    freezerFolder: undefined,
    guarantees: [
      { name: 'memory is limited by the kernel', on: false, remedy },
      { name: 'processor time follows the memory size', on: false, remedy },
      { name: 'the number of processes is limited', on: true },
      { name: 'functions rest between requests', on: false, remedy },
    ],
    create: async (request) => createGroup(request, wall),
    reap: async () => 0,
    close: async () => undefined,
  };
}

function createGroup({ memoryBytes: firstBytes, processesMax }: LimitRequest, wall: Clock): LimitGroup {
  let memoryBytes = firstBytes;
  let peakBytes = 0;
  let outOfMemory = false;
  let removed = false;
  let cancel: () => void = () => undefined;
  let watched: WatchedTree | undefined;

  /** Kills a tree that is over its limits. */
  async function look(tree: WatchedTree): Promise<void> {
    const pids = await tree.listProcesses();
    const sizes = await Promise.all(pids.map(residentBytes));
    let usedBytes = sum(sizes);
    // A page that forked processes share counts once, which takes longer to find out: only when it decides.
    if (usedBytes > memoryBytes) usedBytes = Math.min(usedBytes, sum(await Promise.all(pids.map(proportionalBytes))));
    if (removed) return;
    // As with cgroups: what is resident, mapped files once.
    peakBytes = Math.max(peakBytes, usedBytes + Math.max(0, ...pids.slice(0, 8).map((pid) => readFields(`/proc/${pid}/status`, 'RssFile') * 1024)));
    if (usedBytes > memoryBytes) outOfMemory = true;
    if (outOfMemory || pids.length > processesMax) tree.kill();
  }

  function schedule(tree: WatchedTree): void {
    watched = tree;
    cancel = wall.at(wall.now() + pollIntervalMs, () => {
      const again = (): void => void (removed || schedule(tree));
      look(tree).then(again, again);
    });
  }

  return {
    async assign(bytes) {
      memoryBytes = bytes;
    },
    freezer: undefined,
    joinFiles: [],
    watch: schedule,
    setCpu: async () => undefined,
    async memoryPeakBytes() {
      if (watched && !removed) await look(watched);
      return peakBytes;
    },
    isOutOfMemory: async () => outOfMemory,
    async remove() {
      removed = true;
      cancel();
    },
  };
}

/** Anonymous and shared memory of one process; mapped program files are everybody's. */
const residentBytes = (pid: number): Promise<number> => addFields(`/proc/${pid}/status`, ['RssAnon', 'RssShmem']);

/** The same, with shared pages divided by the number of processes that share them. */
const proportionalBytes = (pid: number): Promise<number> => addFields(`/proc/${pid}/smaps_rollup`, ['Pss_Anon', 'Pss_Shmem']);

async function addFields(file: string, names: readonly string[]): Promise<number> {
  const text = await readFile(file, 'latin1').catch(() => '');
  return sum(names.map((name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0))) * 1024;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
