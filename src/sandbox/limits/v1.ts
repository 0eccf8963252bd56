import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { cpuPeriodMicroseconds, cpuQuotaMicrosecondsMin } from '../limits.ts';
import { listGroups, readCounter, openCounterFile, reapGroup, removeGroup } from './groupFolder.ts';
import type { Limiter, LimitGroup, LimitRequest } from './limiter.ts';

export interface CgroupV1Options {
  /** Where our own process is in each controller's hierarchy; groups are made below, so that outer limits hold too. */
  readonly controllers: Readonly<Record<'memory' | 'cpu' | 'pids', string>>;
  /** The folder name that holds this server's groups. */
  readonly name: string;
  readonly wall: Clock;
}

/** Limits by cgroup version 1: three hierarchies, one group in each. */
export async function openCgroupV1({ controllers, name, wall }: CgroupV1Options): Promise<Limiter> {
  const parents = Object.values(controllers).map((folder) => join(folder, name));
  for (const parent of parents) await mkdir(parent, { recursive: true });

  async function create({ environmentId, memoryBytes, processesMax }: LimitRequest): Promise<LimitGroup> {
    const memory = join(controllers.memory, name, environmentId);
    const cpu = join(controllers.cpu, name, environmentId);
    const pids = join(controllers.pids, name, environmentId);
    for (const folder of [memory, cpu, pids]) await mkdir(folder);
    await writeFile(join(memory, 'memory.limit_in_bytes'), String(memoryBytes));
    // Only where the kernel accounts swap; without it there is nothing to swap to either.
    await writeFile(join(memory, 'memory.memsw.limit_in_bytes'), String(memoryBytes)).catch(() => undefined);
    await writeFile(join(pids, 'pids.max'), String(processesMax));
    await writeFile(join(cpu, 'cpu.cfs_period_us'), String(cpuPeriodMicroseconds));
    const peak = openCounterFile(join(memory, 'memory.max_usage_in_bytes'));
    return {
      joinFiles: [memory, cpu, pids].map((folder) => join(folder, 'cgroup.procs')),
      watch: () => undefined,
      async setCpu(vcpus) {
        const quota = vcpus === undefined ? -1 : Math.max(cpuQuotaMicrosecondsMin, Math.round(cpuPeriodMicroseconds * vcpus));
        await writeFile(join(cpu, 'cpu.cfs_quota_us'), String(quota));
      },
      memoryPeakBytes: async () => peak.read(),
      isOutOfMemory: async () => (await readCounter(join(memory, 'memory.oom_control'), 'oom_kill')) > 0,
      async remove() {
        peak.close();
        await Promise.all([memory, cpu, pids].map((folder) => removeGroup(folder, wall)));
      },
    };
  }

  return {
    kind: 'cgroup-v1',
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
