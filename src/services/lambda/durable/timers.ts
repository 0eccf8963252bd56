// What the clock does to executions.
import type { Transaction } from '../../../kv/store.ts';
import { openExecution } from './edit.ts';
import type { DurableDeps, ExecutionEdit, TimerDetail } from './edit.ts';
import { endExecution, endOperation, wake } from './endings.ts';
import { clearExecution } from './store.ts';
import { isOver } from './updates.ts';

export interface TimerDeps extends DurableDeps {
  readonly settle: (edit: ExecutionEdit) => Promise<void>;
}

/** One timer, in the transaction that clears it. What it was for may be gone by then. */
export async function fireTimer(tx: Transaction, detail: TimerDetail, deps: TimerDeps): Promise<void> {
  const edit = await openExecution(tx, detail, deps);
  if (edit === undefined) return;
  if (detail.kind === 'retention') return clearExecution(tx, edit.key, edit.row);
  if (edit.row.endedAtMs !== undefined) return;
  if (detail.kind === 'timeout') await endExecution(edit, { status: 'TIMED_OUT', error: { ErrorType: 'Execution.Timedout', ErrorMessage: `The durable execution timed out after ${edit.row.timeoutSeconds} seconds` } });
  else if (detail.kind === 'run') edit.drive();
  else await endWaiting(edit, detail);
  await deps.settle(edit);
}

async function endWaiting(edit: ExecutionEdit, { operationId = '', kind }: TimerDetail): Promise<void> {
  const operation = await edit.find(operationId);
  if (operation === undefined || isOver(operation)) return;
  if (operation.type === 'CALLBACK') {
    const what = kind === 'heartbeat' ? { ErrorType: 'Callback.Heartbeat', ErrorMessage: 'Callback timed out on heartbeat' } : { ErrorType: 'Callback.Timeout', ErrorMessage: 'Callback timed out' };
    return endOperation(edit, operation, { status: 'TIMED_OUT', error: what });
  }
  if (operation.type === 'WAIT') {
    edit.put({ ...operation, status: 'SUCCEEDED', endedAtMs: edit.nowMs });
    edit.note('WaitSucceeded', { WaitSucceededDetails: operation.seconds === undefined ? {} : { Duration: operation.seconds } }, { operation });
  } else {
    edit.put({ ...operation, status: 'READY' });
  }
  wake(edit, operation.id);
}
