// SnapStart: a function is initialised once, and its process waits as the template that environments are copied from. Why this way and
// what it costs: docs/decisions/0008-snapshots-are-forks.md.
import { mkdir, rm } from 'node:fs/promises';
import { findExternalExtensions } from '../extensions/launch.ts';
import { processesMax, secretsExtensionPort, snapshotSpares } from '../limits.ts';
import type { LimitGroup } from '../limits/limiter.ts';
import type { LaunchedProcess } from '../launcher/launcher.ts';
import { endLaunched, untilWaiting } from '../pool/slot.ts';
import type { Slot } from '../pool/slot.ts';
import { restoreEnvironment, startParts } from '../startEnvironment.ts';
import type { StartOptions, StartedParts } from '../startEnvironment.ts';
import type { Environment, EnvironmentSpec, Snapshot, SnapshotOutcome } from '../types.ts';
import { findObstacle } from './findObstacle.ts';

export interface SnapshotOptions extends StartOptions {
  /** Unique among environments, slots and copies. */
  readonly newId: () => string;
  readonly folderOf: (id: string) => string;
  /** Told of each environment that is restored. */
  readonly onEnvironment: (spec: EnvironmentSpec, starting: Promise<Environment>) => void;
  readonly optionsFor: (spec: EnvironmentSpec) => Promise<StartOptions>;
}

type Copy = Omit<Slot, 'kind'>;

/** Initialises the function and keeps it. Its environment ends when there is nothing to keep. */
export async function takeSnapshot(options: SnapshotOptions): Promise<SnapshotOutcome> {
  const isPython = options.interpreter?.family === 'python';
  const hasExternal = (await findExternalExtensions(options.spec.layersFolder)).length > 0;
  // What cannot be copied is initialised all the same: publishing tells whether it can be.
  const mayCopy = isPython && !hasExternal;
  const template = await startParts({ ...options, ...(mayCopy ? { isTemplate: true } : {}) });
  options.onEnvironment(options.spec, Promise.resolve(template.environment));
  const init = await template.environment.init;
  if (init.kind !== 'ready') {
    await template.environment.kill();
    return { kind: 'failed', init };
  }
  const reason = !isPython ? 'only functions in Python can be copied here' : hasExternal ? 'it has external extensions' : await obstacleOf(template);
  const { durationMs } = init;
  if (reason !== undefined) {
    await template.environment.kill();
    return { kind: 'unavailable', reason, durationMs };
  }
  return { kind: 'taken', snapshot: openSnapshot(options, template), durationMs };
}

async function obstacleOf({ parts }: StartedParts): Promise<string | undefined> {
  if (parts?.launched.copy === undefined) return 'this host cannot copy a process: it takes root, bubblewrap and x86-64';
  try {
    return findObstacle(await parts.launched.listProcesses());
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function openSnapshot(options: SnapshotOptions, { environment: template, parts }: StartedParts): Snapshot {
  const { log } = options;
  const spares: Copy[] = [];
  const live = new Set<Environment>();
  let isAlive = true;
  let isClosed = false;
  /** One copy at a time: a process has one tracer. */
  let last: Promise<unknown> = Promise.resolve();
  let cancelRefill: (() => void) | undefined;
  void parts?.channel?.drained.then(() => {
    isAlive = false;
    void endCopies();
  });

  /** They end with the template, whose namespaces are around theirs; but what is frozen has to be woken to die. */
  async function endCopies(): Promise<void> {
    cancelRefill?.();
    await Promise.all([...spares.splice(0).map((spare) => spare.discard()), ...[...live].map((environment) => environment.kill())]);
  }

  function makeCopy(): Promise<Copy> {
    const made = last.then(() => copyOnce(options, parts));
    last = made.catch(() => undefined);
    return made;
  }

  /** The next restore finds one that waits: joining its limits costs the kernel more than everything else together. */
  function refill(): void {
    cancelRefill = undefined;
    if (isClosed || !isAlive || spares.length >= snapshotSpares) return;
    makeCopy().then(
      (copy) => {
        if (isClosed || !isAlive) return void copy.discard();
        spares.push(copy);
        void copy.ended.then(() => {
          const at = spares.indexOf(copy);
          if (at < 0) return;
          spares.splice(at, 1);
          void copy.discard();
        });
        refill();
      },
      (error: unknown) => log.warn('a snapshot could not be copied ahead', { error: String(error) }),
    );
  }

  function refillSoon(): void {
    cancelRefill ??= options.wall.at(options.wall.now() + refillDelayMs, refill);
  }

  async function restore(spec: EnvironmentSpec): Promise<Environment> {
    const wanted = { ...(await options.optionsFor(spec)) };
    const copy = spares.pop() ?? (await makeCopy());
    refillSoon();
    try {
      return await restoreEnvironment({ ...wanted, folder: copy.folder }, copy);
    } catch (error) {
      await copy.discard();
      throw error;
    }
  }

  refill();
  return {
    get isAlive() {
      return isAlive && !isClosed;
    },
    get liveCount() {
      return live.size;
    },
    restore(spec) {
      const restoring = restore(spec);
      options.onEnvironment(spec, restoring);
      void restoring.then((environment) => {
        live.add(environment);
        void environment.exited.then(() => live.delete(environment));
      }, () => undefined);
      return restoring;
    },
    async close() {
      isClosed = true;
      await last;
      await endCopies();
      await template.kill();
    },
  };
}

const refillDelayMs = 100;

async function copyOnce({ spec, limiter, wall, newId, folderOf }: SnapshotOptions, parts: StartedParts['parts']): Promise<Copy> {
  const id = newId();
  const folder = folderOf(id);
  await mkdir(folder, { mode: 0o700 });
  const taken: { group?: LimitGroup; launched?: LaunchedProcess } = {};
  const giveBack = async (): Promise<void> => {
    await Promise.allSettled([taken.launched?.release(), taken.group?.remove(), rm(folder, { recursive: true, force: true })]);
  };
  try {
    const copy = parts?.launched.copy;
    if (copy === undefined) throw new Error('the template cannot be copied');
    const memoryBytes = spec.memoryMegabytes * 1024 * 1024;
    const group = (taken.group = await limiter.create({ environmentId: id, memoryBytes, processesMax: processesMax + 2, isBackground: false }));
    const extensionPort = spec.endpoint && secretsExtensionPort;
    const request = { environmentId: id, temporaryMegabytes: spec.ephemeralStorageMegabytes, joinFiles: group.joinFiles, extensionPort };
    const launched = (taken.launched = await copy(request, () => parts?.channel?.copy()));
    group.watch(launched);
    return await untilWaiting({ launched, group, folder, wall }, giveBack);
  } catch (error) {
    if (taken.launched) await endLaunched(taken.launched);
    await giveBack();
    throw error;
  }
}
