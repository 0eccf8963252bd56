// Keeps what each pipe needs running, and says in the rows what is the case. What is wanted is only in the rows: a server that was killed
// finds everything there when it starts again.

import type { PipeState } from '@aws-sdk/client-pipes';
import { createBackgroundWorkers } from '../../../framework/backgroundWorkers.ts';
import { createReconciler } from '../../../framework/reconciler.ts';
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

const failureOf: Readonly<Partial<Record<PipeState, PipeState>>> = { CREATING: 'CREATE_FAILED', UPDATING: 'UPDATE_FAILED', STARTING: 'START_FAILED' };

/** The background work of pipes. */
export function createPipeRunner(deps: PipesDeps): PipeRunner {
  const { store } = deps;
  const reconciler = createReconciler<PipeRow>(deps, {
    failure: 'pipes could not be looked after',
    prefix: pipesPrefix(),
    everyMs: scanMs,
    pageMax: pageRows,
    list: listAllPipes,
    async tend(row) {
      await tend(row);
      return pipeArn(row);
    },
    keepOnly: (arns) => pumps.keepOnly(arns),
  });
  // Its end brings the next look.
  const pumps = createBackgroundWorkers(() => reconciler.look());

  async function tend(row: PipeRow): Promise<void> {
    const arn = pipeArn(row);
    const present = pumps.revisionOf(arn);
    const failure = failureOf[row.state];
    const wanted = row.desired === 'RUNNING' && (row.state === 'RUNNING' || failure !== undefined);
    if (present !== undefined) {
      if (!wanted || present !== row.revision) pumps.end(arn);
      return;
    }
    if (row.state === 'DELETING' || row.state === 'STOPPING') return settle(row, row.state === 'DELETING' ? 'gone' : 'STOPPED');
    if (failure !== undefined) {
      const reason = await findSourceProblem(row, deps);
      if (reason !== undefined) return settle(row, failure, reason);
      if (!wanted) return settle(row, 'STOPPED');
    }
    if (!wanted) return;
    pumps.add(arn, row.revision, startQueuePipe(row, deps));
    await settle(row, 'RUNNING');
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

  function endPolling(): void {
    reconciler.end();
    pumps.endAll();
  }

  return {
    start: () => reconciler.start(),
    endPolling,
    async stop() {
      endPolling();
      await reconciler.settled();
      pumps.endAll();
      await pumps.ended();
    },
  };
}
