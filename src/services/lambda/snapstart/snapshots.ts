// SnapStart: each version is initialised once, when it is published, and its environments are restored from there. Snapshots are
// processes, so a start of the server takes them again, when they are first needed.
import type { Logger } from '../../../base/log.ts';
import { rangeLimitMax } from '../../../kv/limits.ts';
import type { Store } from '../../../kv/store.ts';
import type { Snapshot } from '../../../sandbox/types.ts';
import { versionKey } from '../environments/deployment.ts';
import type { Deployment } from '../environments/deployment.ts';
import type { ExecutionEnvironment, SnapshotTaken } from '../environments/executionEnvironment.ts';
import { errors } from '../errors.ts';
import { snapshotsMax } from '../limits.ts';
import { findVersion, setVersion } from '../store.ts';
import type { SnapStartRow } from '../store.ts';
import { clearPendingSnapshot, listPendingSnapshots } from './pendingSnapshots.ts';

export interface SnapshotsDeps {
  readonly store: Store;
  readonly log: Logger;
  /** An environment that initialises the version and runs nothing. */
  readonly create: (deployment: Deployment) => ExecutionEnvironment;
}

export interface Snapshots {
  /** Takes the snapshot of a version that was just published, if it is to have one; its row tells how that ended. */
  begin(deployment: Deployment): void;
  /** What the version's environments are restored from; taken again where it is gone. Undefined where this host cannot copy what init left; throws when init fails now. */
  find(deployment: Deployment): Promise<Snapshot | undefined>;
  /** The version is gone. */
  drop(deployment: Deployment): void;
  /** Goes on with what was pending when the server ended. */
  recover(): Promise<void>;
  close(): Promise<void>;
}

interface Held {
  readonly environment: ExecutionEnvironment;
  readonly taken: Promise<SnapshotTaken>;
  snapshot?: Snapshot;
}

export function createSnapshots({ store, log, create }: SnapshotsDeps): Snapshots {
  /** The one that was used longest ago is the first. */
  const held = new Map<string, Held>();
  /** What a close waits for; not what initialises, which the sandbox ends. */
  const endings = new Set<Promise<unknown>>();
  let isClosed = false;

  function follow(work: Promise<unknown>): Promise<unknown> {
    return work.catch((error: unknown) => log.warn('a snapshot could not be looked after', { error: String(error) }));
  }

  function end(environment: ExecutionEnvironment): void {
    const ending = follow(environment.dispose()).finally(() => endings.delete(ending));
    endings.add(ending);
  }

  const keyOf = ({ place, name, row }: Deployment): string => `${versionKey(place, name, row.version)} ${row.deploymentId}`;

  function hold(deployment: Deployment): Held {
    const key = keyOf(deployment);
    const known = held.get(key);
    held.delete(key);
    if (known !== undefined && known.snapshot?.isAlive !== false) {
      held.set(key, known);
      return known;
    }
    if (known !== undefined) end(known.environment);
    const environment = create(deployment);
    const taken = environment.takeSnapshot();
    const entry: Held = { environment, taken };
    held.set(key, entry);
    taken.then(
      (outcome) => {
        if (outcome.kind === 'taken') entry.snapshot = outcome.snapshot;
        else letGo(key, entry);
      },
      () => letGo(key, entry),
    );
    makeRoom();
    return entry;
  }

  function letGo(key: string, entry: Held): void {
    if (held.get(key) === entry) held.delete(key);
    end(entry.environment);
  }

  function makeRoom(): void {
    for (const [key, entry] of held) {
      if (held.size <= snapshotsMax) return;
      if (entry.snapshot?.liveCount === 0) letGo(key, entry);
    }
  }

  async function take(deployment: Deployment): Promise<void> {
    const { place, name, row } = deployment;
    let state: SnapStartRow;
    try {
      state = describe(await hold(deployment).taken);
    } catch (error) {
      // A server that stops takes it when it starts again.
      if (isClosed) return;
      state = { state: 'failed', reason: error instanceof Error ? error.message : String(error), reasonCode: 'InternalError' };
    }
    if (isClosed) return;
    if (state.state === 'off') log.warn('a version with SnapStart cannot be copied once it is initialised: its environments initialise', { function: name, version: row.version, reason: state.reason });
    const isThere = await store.transact(async (tx) => {
      const now = await findVersion(tx, place, name, Number(row.version));
      clearPendingSnapshot(tx, place, name, row.version);
      if (now === undefined || now.deploymentId !== row.deploymentId) return false;
      setVersion(tx, place, name, { ...now, snapStart: state });
      return true;
    });
    if (!isThere) drop(deployment);
  }

  function drop(deployment: Deployment): void {
    const key = keyOf(deployment);
    const entry = held.get(key);
    if (entry !== undefined) letGo(key, entry);
  }

  return {
    begin(deployment) {
      if (deployment.row.snapStart?.state === 'pending' && !isClosed) void follow(take(deployment));
    },
    async find(deployment) {
      if (isClosed) throw errors.stopping();
      const outcome = await hold(deployment).taken;
      if (outcome.kind === 'taken') return outcome.snapshot;
      log.warn('a snapshot could not be taken again', { function: deployment.name, version: deployment.row.version, reason: describe(outcome).reason });
      if (outcome.kind === 'unavailable') return undefined;
      throw errors.snapStartNotRegenerated();
    },
    drop,
    async recover() {
      for (const { place, name, version } of await store.read((tx) => listPendingSnapshots(tx, rangeLimitMax))) {
        const row = await store.read((tx) => findVersion(tx, place, name, Number(version)));
        if (row !== undefined) void follow(take({ place, name, row }));
        else await store.transact(async (tx) => clearPendingSnapshot(tx, place, name, version));
      }
    },
    async close() {
      isClosed = true;
      for (const [key, entry] of [...held]) letGo(key, entry);
      await Promise.all(endings);
    },
  };
}

/** API reference, FunctionConfiguration, StateReasonCode. */
const reasonCodes: Readonly<Record<string, string>> = {
  'Runtime.BeforeSnapshotError': 'FunctionError', 'Runtime.InvalidEntrypoint': 'FunctionError.InvalidEntryPoint', 'Runtime.OutOfMemory': 'FunctionError.InitResourceExhausted',
};

function describe(taken: SnapshotTaken): SnapStartRow {
  if (taken.kind === 'taken') return { state: 'on' };
  if (taken.kind === 'unavailable') return { state: 'off', reason: taken.reason };
  const { failure } = taken;
  if (failure.kind === 'timeout') return { state: 'failed', reason: 'The function did not initialize in time.', reasonCode: 'FunctionError.InitTimeout' };
  return { state: 'failed', reason: `The function failed to initialize: ${failure.errorType}. Its log tells more.`, reasonCode: reasonCodes[failure.errorType] ?? 'FunctionError.RuntimeInitError' };
}
