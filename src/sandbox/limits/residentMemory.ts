// "Max Memory Used" as users know it. A memory group is charged for what its processes were the first to touch: 8 MB for a
// Node.js hello, because the program itself (some 40 MB of it mapped) is in the page cache already and charged to nobody here; on
// the other hand files that were only read count until the kernel wants their pages back. AWS reports what is resident in the
// environment (35 to 70 MB for such functions). So: the highest charge, without cached file pages that nobody maps, and with the
// mapped files of the process that maps most, as far as they are not charged already. Never more than the limit.
import { readFileSync } from 'node:fs';

/** Processes that are looked at: the runtime is among the first, and what comes after mostly maps the same program. */
const processesLookedAt = 8;
/** Reports are in megabytes: what a smaller growth of the charge may have changed besides is not seen in them. */
const residentStepBytes = 256 * 1024;

interface ChargedMemory {
  /** Highest charge so far. */
  readonly peakBytes: number;
  /** Present page cache of files, mapped or not, without shared memory. */
  readonly fileBytes: number;
  /** The part of it that is mapped. */
  readonly mappedBytes: number;
}

interface ResidentTree {
  listProcesses(maximum?: number): Promise<readonly number[]>;
}

/** What a group's files say when its highest charge has changed. */
export interface ResidentSource {
  readonly peakBytes: () => number;
  /** The group's statistics, and how their two fields of page cache are called. */
  readonly statFile: string;
  readonly cacheField: string;
  readonly mappedField: string;
  readonly limitBytes: () => number;
  readonly tree: () => ResidentTree | undefined;
}

/**
 * Reads resident memory at its highest, after every request: while the highest charge is nearly the same, nothing else has
 * changed either, and the answer is there at once.
 */
export function createResidentReader({ peakBytes, statFile, cacheField, mappedField, limitBytes, tree }: ResidentSource): () => number | Promise<number> {
  let known = { peakBytes: Number.NEGATIVE_INFINITY, bytes: 0 };
  async function estimate(peak: number): Promise<number> {
    const stat = readText(statFile);
    const fileBytes = fieldOf(stat, cacheField) - fieldOf(stat, 'shmem');
    const bytes = await estimateResident({ peakBytes: peak, fileBytes, mappedBytes: fieldOf(stat, mappedField) }, tree(), limitBytes());
    known = { peakBytes: peak, bytes };
    return bytes;
  }
  return () => {
    const peak = peakBytes();
    const grownBytes = peak - known.peakBytes;
    return grownBytes >= 0 && grownBytes < residentStepBytes ? Math.min(limitBytes(), known.bytes + grownBytes) : estimate(peak);
  };
}

/** Resident memory at its highest, from what a group was charged. */
async function estimateResident({ peakBytes, fileBytes, mappedBytes }: ChargedMemory, tree: ResidentTree | undefined, limitBytes: number): Promise<number> {
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
  return fieldOf(readText(file), name);
}

const fieldOf = (text: string, name: string): number => Number(new RegExp(`^${name}:?\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0);

function readText(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
