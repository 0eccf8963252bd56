import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { cpuPeriodMicroseconds, cpuQuotaMicrosecondsMin } from '../limits.ts';
import { listGroups, readCounter, readKernelFile, reapGroup, removeGroup } from './groupFolder.ts';
import type { Limiter, LimitGroup, LimitRequest } from './limiter.ts';

export interface CgroupV1Options {
  /** Where our own process is in each controller's hierarchy; groups are made below, so that outer limits hold too. */
  readonly controllers: Readonly<Record<'memory' | 'cpu' | 'pids', string>>;
  /** The folder name that holds this server's groups. */
  readonly name: string;
  readonly wall: Clock;
}

/** cpu.shares: the kernel's own for a new group, and a sixteenth of it. */
const ordinaryShares = '1024';
const backgroundShares = '64';

/** Limits by cgroup version 1: three hierarchies, one group in each. */
export async function openCgroupV1({ controllers, name, wall }: CgroupV1Options): Promise<Limiter> {
  const parents = Object.values(controllers).map((folder) => join(folder, name));
  for (const parent of parents) await mkdir(parent, { recursive: true });

  async function create({ environmentId, memoryBytes, processesMax, isBackground }: LimitRequest): Promise<LimitGroup> {
    const memory = join(controllers.memory, name, environmentId);
    const cpu = join(controllers.cpu, name, environmentId);
    const pids = join(controllers.pids, name, environmentId);
    for (const folder of [memory, cpu, pids]) await mkdir(folder);
    await setMemory(memory, memoryBytes);
    await writeFile(join(pids, 'pids.max'), String(processesMax));
    await writeFile(join(cpu, 'cpu.cfs_period_us'), String(cpuPeriodMicroseconds));
    if (isBackground) await writeFile(join(cpu, 'cpu.shares'), backgroundShares);
    return {
      async assign(bytes) {
        await Promise.all([setMemory(memory, bytes), isBackground ? writeFile(join(cpu, 'cpu.shares'), ordinaryShares) : undefined]);
      },
      joinFiles: [memory, cpu, pids].map((folder) => join(folder, 'cgroup.procs')),
      watch: () => undefined,
      async setCpu(vcpus) {
        const quota = vcpus === undefined ? -1 : Math.max(cpuQuotaMicrosecondsMin, Math.round(cpuPeriodMicroseconds * vcpus));
        await writeFile(join(cpu, 'cpu.cfs_quota_us'), String(quota));
      },
      memoryPeakBytes: async () => Number(readKernelFile(join(memory, 'memory.max_usage_in_bytes'))),
      isOutOfMemory: async () => (await readCounter(join(memory, 'memory.oom_control'), 'oom_kill')) > 0,
      remove: async () => void (await Promise.all([memory, cpu, pids].map((folder) => removeGroup(folder, wall)))),
    };
  }

  return {
    kind: 'cgroup-v1',
    freezerFolder: undefined,
    guarantees: [
      { name: 'memory is limited by the kernel', on: true },
      { name: 'processor time follows the memory size', on: true },
      { name: 'the number of processes is limited', on: true },
    ],
    create,
    async reap() {
      const leftovers = (await Promise.all(parents.map(listGroups))).flat();
      for (const folder of leftovers) await reapGroup(folder, wall);
      return new Set(leftovers.map((folder) => folder.slice(folder.lastIndexOf('/')))).size;
    },
    close: async () => void (await Promise.all(parents.map((folder) => removeGroup(folder, wall)))),
  };
}

async function setMemory(folder: string, bytes: number): Promise<void> {
  const limit = join(folder, 'memory.limit_in_bytes');
  // Memory with swap may never be below memory alone: so upwards it goes first, and a second time downwards. It is only there
  // where the kernel accounts swap; without it there is nothing to swap to either.
  const withSwap = (): Promise<void> => writeFile(join(folder, 'memory.memsw.limit_in_bytes'), String(bytes)).catch(() => undefined);
  await withSwap();
  await writeFile(limit, String(bytes));
  await withSwap();
}
