import { existsSync, writeFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { cpuPeriodMicroseconds, cpuQuotaMicrosecondsMin } from '../limits.ts';
import { KernelFile, listGroups, readCounter, readKernelFile, reapGroup, removeGroup } from './groupFolder.ts';
import type { Limiter, LimitGroup, LimitRequest, WatchedTree } from './limiter.ts';
import { createResidentReader } from './residentMemory.ts';

export interface CgroupV2Options {
  /** A group that is ours to divide: cpu, memory and pids can be enabled for its children. */
  readonly parent: string;
  readonly name: string;
  readonly wall: Clock;
}

/** cpu.weight: the kernel's own for a new group, and a sixteenth of it. */
const ordinaryWeight = '100';
const backgroundWeight = '6';

const controllers = '+cpu +memory +pids';

/** Limits by cgroup version 2. Rejects when the controllers cannot be handed to groups of ours. */
export async function openCgroupV2({ parent, name, wall }: CgroupV2Options): Promise<Limiter> {
  await enableControllers(parent);
  const home = join(parent, name);
  await mkdir(home, { recursive: true });
  await writeFile(join(home, 'cgroup.subtree_control'), controllers);

  async function create({ environmentId, memoryBytes, processesMax, isBackground }: LimitRequest): Promise<LimitGroup> {
    const folder = join(home, environmentId);
    await mkdir(folder);
    let limitBytes = memoryBytes;
    let tree: WatchedTree | undefined;
    await writeFile(join(folder, 'memory.max'), String(memoryBytes));
    await writeFile(join(folder, 'memory.swap.max'), '0').catch(() => undefined);
    await writeFile(join(folder, 'pids.max'), String(processesMax));
    if (isBackground) await writeFile(join(folder, 'cpu.weight'), backgroundWeight);
    const peak = new KernelFile(join(folder, 'memory.peak'), 'r');
    // cgroup.freeze came with Linux 5.2.
    const state = existsSync(join(folder, 'cgroup.freeze')) ? new KernelFile(join(folder, 'cgroup.freeze'), 'w') : undefined;
    let hasPeak = false;
    return {
      async assign(bytes) {
        limitBytes = bytes;
        // Microseconds: less than a way through the thread pool, and a start waits for them.
        writeFileSync(join(folder, 'memory.max'), String(bytes));
        if (isBackground) writeFileSync(join(folder, 'cpu.weight'), ordinaryWeight);
      },
      joinFiles: [join(folder, 'cgroup.procs')],
      freezer: state && { freeze: () => state.write('1'), thaw: () => state.write('0') },
      watch(watched) {
        tree = watched;
      },
      async setCpu(vcpus) {
        const quota = vcpus === undefined ? 'max' : Math.max(cpuQuotaMicrosecondsMin, Math.round(cpuPeriodMicroseconds * vcpus));
        writeFileSync(join(folder, 'cpu.max'), `${quota} ${cpuPeriodMicroseconds}`);
      },
      memoryPeakBytes: createResidentReader({
        peakBytes() {
          // memory.peak came with Linux 5.19; before it the present use is the best there is.
          hasPeak ||= existsSync(join(folder, 'memory.peak'));
          return hasPeak ? peak.readNumber() : Number(readKernelFile(join(folder, 'memory.current')));
        },
        statFile: join(folder, 'memory.stat'),
        cacheField: 'file',
        mappedField: 'file_mapped',
        limitBytes: () => limitBytes,
        tree: () => tree,
      }),
      isOutOfMemory: async () => (await readCounter(join(folder, 'memory.events'), 'oom_kill')) > 0,
      remove() {
        peak.close();
        state?.close();
        return removeGroup(folder, wall);
      },
    };
  }

  return {
    kind: 'cgroup-v2',
    freezerFolder: undefined,
    guarantees: [
      { name: 'memory is limited by the kernel', on: true },
      { name: 'processor time follows the memory size', on: true },
      { name: 'the number of processes is limited', on: true },
      { name: 'functions rest between requests', on: true },
    ],
    create,
    async reap() {
      const leftovers = await listGroups(home);
      for (const folder of leftovers) await reapGroup(folder, wall);
      return leftovers.length;
    },
    close: () => removeGroup(home, wall),
  };
}

/** A group with members cannot hand controllers to its children, unless it is the root: then its members move to a leaf first. */
async function enableControllers(parent: string): Promise<void> {
  const control = join(parent, 'cgroup.subtree_control');
  const enabled = (await readFile(control, 'latin1')).split(/\s+/);
  if (['cpu', 'memory', 'pids'].every((name) => enabled.includes(name))) return;
  try {
    await writeFile(control, controllers);
  } catch {
    const leaf = join(parent, 'haneul-server');
    await mkdir(leaf, { recursive: true });
    for (const pid of (await readFile(join(parent, 'cgroup.procs'), 'latin1')).split('\n').filter(Boolean)) {
      await writeFile(join(leaf, 'cgroup.procs'), pid).catch(() => undefined);
    }
    await writeFile(control, controllers);
  }
}
