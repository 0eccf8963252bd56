import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { cpuPeriodMicroseconds, cpuQuotaMicrosecondsMin } from '../limits.ts';
import { KernelFile, killMembers, listGroups, readCounter, reapGroup, removeGroup } from './groupFolder.ts';
import type { Limiter, LimitGroup, LimitRequest, WatchedTree } from './limiter.ts';
import { createResidentReader } from './residentMemory.ts';

export interface CgroupV1Options {
  /** Where our own process is in each controller's hierarchy; groups are made below, so that outer limits hold too. */
  readonly controllers: Readonly<Record<'memory' | 'cpu' | 'pids', string>>;
  /** Likewise for the freezer, which not every host has. */
  readonly freezer: string | undefined;
  /** The folder name that holds this server's groups. */
  readonly name: string;
  readonly wall: Clock;
}

/** cpu.shares: the kernel's own for a new group, and a sixteenth of it. */
const ordinaryShares = '1024';
const backgroundShares = '64';

/** Limits by cgroup version 1: three hierarchies, one group in each. */
export async function openCgroupV1({ controllers, freezer, name, wall }: CgroupV1Options): Promise<Limiter> {
  const hierarchies = [...Object.values(controllers), ...(freezer === undefined ? [] : [freezer])];
  const parents = hierarchies.map((folder) => join(folder, name));
  const freezerFolder = freezer === undefined ? undefined : join(freezer, name);
  for (const parent of parents) await mkdir(parent, { recursive: true });

  async function create({ environmentId, memoryBytes, processesMax, isBackground }: LimitRequest): Promise<LimitGroup> {
    const memory = join(controllers.memory, name, environmentId);
    const cpu = join(controllers.cpu, name, environmentId);
    const pids = join(controllers.pids, name, environmentId);
    let limitBytes = memoryBytes;
    let tree: WatchedTree | undefined;
    const folders = parents.map((parent) => join(parent, environmentId));
    for (const folder of folders) await mkdir(folder);
    setMemory(memory, memoryBytes);
    await writeFile(join(pids, 'pids.max'), String(processesMax));
    await writeFile(join(cpu, 'cpu.cfs_period_us'), String(cpuPeriodMicroseconds));
    if (isBackground) await writeFile(join(cpu, 'cpu.shares'), backgroundShares);
    const peak = new KernelFile(join(memory, 'memory.max_usage_in_bytes'), 'r');
    const state = freezerFolder === undefined ? undefined : new KernelFile(join(freezerFolder, environmentId, 'freezer.state'), 'w');
    return {
      async assign(bytes) {
        limitBytes = bytes;
        setMemory(memory, bytes);
        if (isBackground) writeFileSync(join(cpu, 'cpu.shares'), ordinaryShares);
      },
      freezer: state && { freeze: () => state.write('FROZEN'), thaw: () => state.write('THAWED') },
      joinFiles: folders.map((folder) => join(folder, 'cgroup.procs')),
      watch(watched) {
        tree = watched;
      },
      async setCpu(vcpus) {
        const quota = vcpus === undefined ? -1 : Math.max(cpuQuotaMicrosecondsMin, Math.round(cpuPeriodMicroseconds * vcpus));
        writeFileSync(join(cpu, 'cpu.cfs_quota_us'), String(quota));
      },
      memoryPeakBytes: createResidentReader({
        peakBytes: () => peak.readNumber(),
        statFile: join(memory, 'memory.stat'),
        cacheField: 'cache',
        mappedField: 'mapped_file',
        limitBytes: () => limitBytes,
        tree: () => tree,
      }),
      isOutOfMemory: async () => (await readCounter(join(memory, 'memory.oom_control'), 'oom_kill')) > 0,
      async remove() {
        peak.close();
        state?.close();
        await Promise.all(folders.map((folder) => removeGroup(folder, wall)));
      },
    };
  }

  return {
    kind: 'cgroup-v1',
    freezerFolder,
    guarantees: [
      { name: 'memory is limited by the kernel', on: true },
      { name: 'processor time follows the memory size', on: true },
      { name: 'the number of processes is limited', on: true },
      { name: 'functions rest between requests', on: freezer !== undefined, ...(freezer === undefined ? { remedy: 'mount the freezer cgroup controller writable' } : {}) },
    ],
    create,
    async reap() {
      // Frozen processes only die when they are thawed, and must not run before they die.
      for (const folder of freezerFolder === undefined ? [] : await listGroups(freezerFolder)) {
        await killMembers(folder);
        writeFileSync(join(folder, 'freezer.state'), 'THAWED');
      }
      const leftovers = (await Promise.all(parents.map(listGroups))).flat();
      for (const folder of leftovers) await reapGroup(folder, wall);
      return new Set(leftovers.map((folder) => folder.slice(folder.lastIndexOf('/')))).size;
    },
    close: async () => void (await Promise.all(parents.map((folder) => removeGroup(folder, wall)))),
  };
}

/** Writes to the files of a group take microseconds: less than a way through the thread pool, and a start waits for them. */
function setMemory(folder: string, bytes: number): void {
  const limit = join(folder, 'memory.limit_in_bytes');
  const withSwap = join(folder, 'memory.memsw.limit_in_bytes');
  // Only where the kernel accounts swap; without it there is nothing to swap to either. Memory with swap may never be below
  // memory alone: so upwards it goes first, and a second time downwards.
  const hasSwap = existsSync(withSwap);
  if (hasSwap && Number(readFileSync(withSwap, 'latin1')) < bytes) writeFileSync(withSwap, String(bytes));
  writeFileSync(limit, String(bytes));
  if (hasSwap) writeFileSync(withSwap, String(bytes));
}
