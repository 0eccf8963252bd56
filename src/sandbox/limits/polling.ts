// Where no cgroup can be had, the tree is looked at many times a second and killed when it is over its limit. Short peaks and
// fast fork bombs can slip through between two looks; the process limit of the launcher (RLIMIT_NPROC) bounds the latter.
import { readFile } from 'node:fs/promises';
import type { Clock } from '../../base/clock.ts';
import { pollIntervalMs } from '../limits.ts';
import type { Limiter, LimitGroup, LimitRequest, WatchedTree } from './limiter.ts';

/** Limits by looking: memory and process count, no processor share. */
export function openPolling({ wall, remedy }: { readonly wall: Clock; readonly remedy: string }): Limiter {
  return {
    kind: 'polling',
    guarantees: [
      { name: 'memory is limited by the kernel', on: false, remedy },
      { name: 'processor time follows the memory size', on: false, remedy },
      { name: 'the number of processes is limited', on: true },
    ],
    create: async (request) => createGroup(request, wall),
    reap: async () => 0,
    close: async () => undefined,
  };
}

function createGroup({ memoryBytes, processesMax }: LimitRequest, wall: Clock): LimitGroup {
  let peakBytes = 0;
  let outOfMemory = false;
  let removed = false;
  let cancel: () => void = () => undefined;

  async function look(tree: WatchedTree): Promise<void> {
    const pids = await tree.listProcesses();
    const sizes = await Promise.all(pids.map(residentBytes));
    if (removed) return;
    const usedBytes = sizes.reduce((sum, bytes) => sum + bytes, 0);
    peakBytes = Math.max(peakBytes, usedBytes);
    if (usedBytes > memoryBytes) outOfMemory = true;
    if (outOfMemory || pids.length > processesMax) return tree.kill();
    schedule(tree);
  }

  function schedule(tree: WatchedTree): void {
    cancel = wall.at(wall.now() + pollIntervalMs, () => void look(tree).catch(() => schedule(tree)));
  }

  return {
    joinFiles: [],
    watch: schedule,
    setCpu: async () => undefined,
    memoryPeakBytes: async () => peakBytes,
    isOutOfMemory: async () => outOfMemory,
    async remove() {
      removed = true;
      cancel();
    },
  };
}

/** Anonymous and shared memory of one process; mapped program files are everybody's. */
async function residentBytes(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, 'latin1').catch(() => '');
  const kilobytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0);
  return (kilobytes('RssAnon') + kilobytes('RssShmem')) * 1024;
}
