// What is kept of export tasks. The keys are told in store.ts.

import type { Transaction } from '../../kv/store.ts';
import { defineTable } from '../../kv/table.ts';
import type { Scope } from '../../kv/table.ts';
import { everywhere } from './store.ts';

export type ExportStatus = 'PENDING' | 'RUNNING' | 'COMPLETED' | 'FAILED' | 'CANCELLED';

export interface ExportRow {
  readonly taskName?: string;
  readonly groupName: string;
  readonly streamPrefix: string;
  readonly fromMs: number;
  /** Included, as the API has it. */
  readonly toMs: number;
  readonly bucket: string;
  readonly prefix: string;
  readonly status: ExportStatus;
  readonly message?: string;
  readonly createdAtMs: number;
  readonly endedAtMs?: number;
}

export const exportTasks = defineTable<ExportRow>('logs', 'exportTask');
export const exportsByTime = defineTable<object>('logs', 'exportByTime');
export const activeExports = defineTable<object>('logs', 'activeExport');

export function setNewExport(tx: Transaction, scope: Scope, taskId: string, row: ExportRow): void {
  exportTasks.set(tx, scope, [taskId], row);
  exportsByTime.set(tx, scope, [row.createdAtMs, taskId], {});
  activeExports.set(tx, everywhere, [scope.account, scope.region, taskId], {});
}

/** Whatever becomes of a task once it has ended: another one may begin. */
export function endExport(tx: Transaction, scope: Scope, taskId: string, row: ExportRow): void {
  exportTasks.set(tx, scope, [taskId], row);
  activeExports.clear(tx, everywhere, [scope.account, scope.region, taskId]);
}

/** Forgets a task, whatever has become of it. */
export async function clearExport(tx: Transaction, scope: Scope, taskId: string): Promise<void> {
  const row = await exportTasks.get(tx, scope, [taskId]);
  if (!row) return;
  exportTasks.clear(tx, scope, [taskId]);
  exportsByTime.clear(tx, scope, [row.createdAtMs, taskId]);
  activeExports.clear(tx, everywhere, [scope.account, scope.region, taskId]);
}
