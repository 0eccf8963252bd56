import type { Guarantee } from '../types.ts';

/** What bounds an environment's memory, processor time and processes. */
export interface Limiter {
  readonly kind: 'cgroup-v1' | 'cgroup-v2' | 'polling';
  readonly guarantees: readonly Guarantee[];
  /** Where groups of the version-1 freezer are: a frozen process there does not even die until it is thawed. */
  readonly freezerFolder: string | undefined;
  create(request: LimitRequest): Promise<LimitGroup>;
  /** Kills and removes what an earlier run left behind; answers how many groups that were. */
  reap(): Promise<number>;
  close(): Promise<void>;
}

export interface LimitRequest {
  readonly environmentId: string;
  readonly memoryBytes: number;
  readonly processesMax: number;
  /** Made ahead: yields to everything else until it is assigned. */
  readonly isBackground: boolean;
}

export interface LimitGroup {
  /** A process that writes its pid into each of these is under the limits, and so are its children. */
  readonly joinFiles: readonly string[];
  /** Called once the tree runs; for limits that have to be looked after. */
  watch(tree: WatchedTree): void;
  /** Gives a group that was made ahead its real limits, and an ordinary share of a busy machine. */
  assign(memoryBytes: number): Promise<void>;
  /** Share of processors; undefined lifts the limit (a function initialises at full speed, as on AWS). */
  setCpu(vcpus: number | undefined): Promise<void>;
  /**
   * Stops every process where it is, and lets all go on. At once, in a few microseconds a process; absent where the host cannot.
   * A process that is killed while it is frozen only dies when it is thawed.
   */
  readonly freezer: Freezer | undefined;
  /** Resident memory at its highest (residentMemory.ts). */
  memoryPeakBytes(): number | Promise<number>;
  /** Whether the memory limit has killed a process of this group. */
  isOutOfMemory(): Promise<boolean>;
  /** After the tree is gone. */
  remove(): Promise<void>;
}

export interface Freezer {
  freeze(): void;
  thaw(): void;
}

export interface WatchedTree {
  listProcesses(maximum?: number): Promise<readonly number[]>;
  kill(): void;
}
