// Keeps what each pipe needs running, and says in the rows what is the case. What is wanted is only in the rows: a server that was killed
// finds everything there when it starts again.

import type { PipeState } from '@aws-sdk/client-pipes';
import type { QueuePump } from '../../../framework/queuePump.ts';
import { pipeArn } from '../domain/names.ts';
import { pageRows, scanMs } from '../limits.ts';
import type { PipesDeps } from '../operation.ts';
import { clearPipe, findPipe, listAllPipes, type PipeRow, pipesPrefix, setPipe } from '../store.ts';
import { findSourceProblem, startQueuePipe } from './queuePipe.ts';

export interface PipeRunner {
  /** Begins; what is wanted already, too. */
  start(): void;
  /** Receives no more; what is under way goes on. */
  endPolling(): void;
  /** Ends, after what is under way. */
  stop(): Promise<void>;
}

interface Running {
  readonly revision: number;
  readonly pump: QueuePump;
  /** Once it has been told to stop. */
  ending: Promise<void> | undefined;
}

const failureOf: Readonly<Partial<Record<PipeState, PipeState>>> = { CREATING: 'CREATE_FAILED', UPDATING: 'UPDATE_FAILED', STARTING: 'START_FAILED' };

/** The background work of pipes. */
export function createPipeRunner(deps: PipesDeps): PipeRunner {
  const { store, wall, log } = deps;
  const running = new Map<string, Running>();
  const ending = new AbortController();
  let scanning: Promise<void> | undefined;
  let again = false;
  let cancelScan = (): void => undefined;

  function scan(): void {
    if (ending.signal.aborted) return;
    again = true;
    scanning ??= run().finally(() => {
      scanning = undefined;
      if (again) scan();
    });
  }

  async function run(): Promise<void> {
    while (again && !ending.signal.aborted) {
      again = false;
      try {
        await tendAll();
      } catch (error) {
        // The next scan comes in any case.
        log.warn('pipes could not be looked after', { error: error instanceof Error ? error.stack : String(error) });
        return;
      }
    }
  }

  async function tendAll(): Promise<void> {
    const seen = new Set<string>();
    for (let after: PipeRow | undefined; ; ) {
      const rows = await store.read((tx) => listAllPipes(tx, { limit: pageRows, after }));
      for (const row of rows) {
        seen.add(pipeArn(row));
        if (ending.signal.aborted) return;
        await tend(row);
      }
      after = rows.at(-1);
      if (rows.length < pageRows) break;
    }
    for (const [arn, one] of running) if (!seen.has(arn)) endOne(arn, one);
  }

  async function tend(row: PipeRow): Promise<void> {
    const arn = pipeArn(row);
    const present = running.get(arn);
    const failure = failureOf[row.state];
    const wanted = row.desired === 'RUNNING' && (row.state === 'RUNNING' || failure !== undefined);
    if (present !== undefined) {
      // Its end brings the next scan.
      if (!wanted || present.revision !== row.revision) endOne(arn, present);
      return;
    }
    if (row.state === 'DELETING' || row.state === 'STOPPING') return settle(row, row.state === 'DELETING' ? 'gone' : 'STOPPED');
    if (failure !== undefined) {
      const reason = await findSourceProblem(row, deps);
      if (reason !== undefined) return settle(row, failure, reason);
      if (!wanted) return settle(row, 'STOPPED');
    }
    if (!wanted) return;
    running.set(arn, { revision: row.revision, pump: startQueuePipe(row, deps), ending: undefined });
    await settle(row, 'RUNNING');
  }

  function endOne(arn: string, one: Running): void {
    one.ending ??= one.pump.stop().finally(() => {
      running.delete(arn);
      scan();
    });
  }

  /** Writes what is the case, unless something else is wanted meanwhile. */
  async function settle(row: PipeRow, state: PipeState | 'gone', reason?: string): Promise<void> {
    if (row.state === state) return;
    await store.transact(async (tx) => {
      const current = await findPipe(tx, row);
      if (current?.revision !== row.revision) return;
      const { reason: _before, ...rest } = current;
      if (state === 'gone') clearPipe(tx, current);
      else setPipe(tx, { ...rest, state, ...(reason === undefined ? {} : { reason: reason.slice(0, 512) }) });
    });
  }

  async function followHints(): Promise<void> {
    for await (const _hint of store.watch(pipesPrefix(), ending.signal)) scan();
  }

  function planScan(): void {
    cancelScan = wall.at(wall.now() + scanMs, () => {
      scan();
      planScan();
    });
  }

  function endPolling(): void {
    ending.abort();
    cancelScan();
    for (const [arn, one] of running) endOne(arn, one);
  }

  return {
    start() {
      void followHints();
      planScan();
      scan();
    },
    endPolling,
    async stop() {
      endPolling();
      await scanning;
      for (const [arn, one] of running) endOne(arn, one);
      await Promise.all([...running.values()].map((one) => one.ending));
    },
  };
}
