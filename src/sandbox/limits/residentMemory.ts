// "Max Memory Used" as users know it. A memory group is charged for what its processes were the first to touch: 8 MB for a
// Node.js hello, because the program itself (some 40 MB of it mapped) is in the page cache already and charged to nobody here; on
// the other hand files that were only read count until the kernel wants their pages back. AWS reports what is resident in the
// environment (35 to 70 MB for such functions). So: the highest charge, without cached file pages that nobody maps, and with the
// mapped files of the process that maps most, as far as they are not charged already. Never more than the limit.
import { readFileSync } from 'node:fs';

/** Processes that are looked at: the runtime is among the first, and what comes after mostly maps the same program. */
const processesLookedAt = 8;

export interface ChargedMemory {
  /** Highest charge so far. */
  readonly peakBytes: number;
  /** Present page cache of files, mapped or not, without shared memory. */
  readonly fileBytes: number;
  /** The part of it that is mapped. */
  readonly mappedBytes: number;
}

export interface ResidentTree {
  listProcesses(maximum?: number): Promise<readonly number[]>;
}

/** Resident memory at its highest, from what a group was charged. */
export async function estimateResident({ peakBytes, fileBytes, mappedBytes }: ChargedMemory, tree: ResidentTree | undefined, limitBytes: number): Promise<number> {
  const pids = tree ? (await tree.listProcesses(processesLookedAt)).slice(0, processesLookedAt) : [];
  const sharedBytes = Math.max(0, ...pids.map((pid) => readStatus(pid, 'RssFile'))) - mappedBytes;
  const unmappedBytes = Math.max(0, fileBytes - mappedBytes);
  return Math.min(limitBytes, Math.max(0, peakBytes - unmappedBytes) + Math.max(0, sharedBytes));
}

function readStatus(pid: number, name: string): number {
  return readFields(`/proc/${pid}/status`, name) * 1024;
}

/** The number after `name` in a file of lines; 0 when there is none. */
export function readFields(file: string, name: string): number {
  try {
    return Number(new RegExp(`^${name}:?\\s+(\\d+)`, 'm').exec(readFileSync(file, 'latin1'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
