import { uuid } from '../../../base/ids.ts';
import { formatListToken, parseListToken } from '../domain/tokens.ts';
import { invalidParameter, limitExceeded, resourceNotFound } from '../errors.ts';
import { exportSource } from '../exporting.ts';
import { activeExports, endExport, exportsByTime, exportTasks, setNewExport } from '../exportStore.ts';
import type { ExportRow } from '../exportStore.ts';
import { describeItemsDefault, describeScanMax, exportKeptMs } from '../limits.ts';
import { accountAccess, groupAccess, operation, scopeOf } from '../operation.ts';
import { everywhere, requireGroup } from '../store.ts';
import { ServiceError } from '../../../base/errors.ts';

// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateExportTask.html

export const createExportTask = operation('CreateExportTask', {
  access: ({ logGroupName = '' }, call) => groupAccess('CreateExportTask', call, logGroupName),
  async handle(input, call, { store, random, objects, exporting, timers }) {
    const { taskName, logGroupName = '', logStreamNamePrefix = '', from = 0, to = 0, destination = '', destinationPrefix = 'exportedlogs' } = input;
    if (to < from) throw invalidParameter('The specified time range is invalid: "to" must not be before "from".');
    const prefix = destinationPrefix.replace(/\/+$/, '');
    const scope = scopeOf(call);
    const source = exportSource(scope, logGroupName);
    await store.read((tx) => requireGroup(tx, scope, logGroupName));
    const bucketAcl = await objects.may({ ...source, bucket: destination, action: 's3:GetBucketAcl' });
    if (bucketAcl.kind === 'absent') throw invalidParameter('The given bucket does not exist. Please specify a valid bucket.');
    if (bucketAcl.kind === 'denied') throw refuseCall('GetBucketAcl', bucketAcl.remedy);
    if (bucketAcl.region !== call.region) throw invalidParameter('The given bucket is not in the same region as the log group.');
    // The service leaves this file behind.
    const test = { key: `${prefix}/aws-logs-write-test`, contentType: 'text/plain', body: Buffer.from('Permission Check Successful') };
    const mayPut = await objects.put({ ...source, bucket: destination, ...test });
    if (mayPut.kind === 'denied') throw refuseCall('PutObject', mayPut.remedy);
    const taskId = uuid(random);
    const row: ExportRow = {
      ...{ groupName: logGroupName, streamPrefix: logStreamNamePrefix, fromMs: from, toMs: to, bucket: destination, prefix, status: 'PENDING', createdAtMs: call.nowMs },
      ...(taskName === undefined ? {} : { taskName }),
    };
    await store.transact(async (tx) => {
      // "Each account can only have one active (RUNNING or PENDING) export task at a time."
      tx.guard(activeExports.key(everywhere, [scope.account, scope.region]));
      if ((await activeExports.list(tx, everywhere, [scope.account, scope.region], { limit: 1 })).length > 0) throw limitExceeded();
      setNewExport(tx, scope, taskId, row);
      await timers.set(tx, { service: 'logs', id: `export/${taskId}`, dueMs: call.nowMs + exportKeptMs, detail: scope });
      exporting.start(tx, scope, taskId);
    });
    return { taskId };

    function refuseCall(action: string, remedy: string): ServiceError {
      call.log.warn('a bucket does not let CloudWatch Logs write', { bucket: destination, remedy });
      return new ServiceError('InvalidParameterException', `${action} call on the given bucket failed. Please check if CloudWatch Logs has been granted permission to perform this operation.`);
    }
  },
});

export const describeExportTasks = operation('DescribeExportTasks', {
  access: () => accountAccess('DescribeExportTasks'),
  async handle({ taskId, statusCode, nextToken, limit = describeItemsDefault }, call, { store }) {
    if (taskId !== undefined && statusCode !== undefined) throw invalidParameter('taskId and statusCode are mutually exclusive parameters.');
    const scope = scopeOf(call);
    const after = nextToken === undefined ? undefined : parseListToken('exports', nextToken, ['number', 'string']);
    const found = await store.read(async (tx) => {
      const ids = taskId === undefined ? (await exportsByTime.list(tx, scope, [], { limit: describeScanMax, reverse: true, ...(after ? { after } : {}) })).map(({ parts }) => String(parts[1])) : [taskId];
      return Promise.all(ids.map(async (id) => ({ id, row: await exportTasks.get(tx, scope, [id]) })));
    });
    const wanted = found.flatMap(({ id, row }) => (row && (statusCode === undefined || row.status === statusCode) ? [{ id, row }] : []));
    const page = wanted.slice(0, limit);
    const last = wanted.length > limit ? page.at(-1) : undefined;
    return { exportTasks: page.map(({ id, row }) => describe(id, row)), ...(last ? { nextToken: formatListToken('exports', [last.row.createdAtMs, last.id]) } : {}) };
  },
});

export const cancelExportTask = operation('CancelExportTask', {
  access: () => accountAccess('CancelExportTask'),
  async handle({ taskId = '' }, call, { store }) {
    const scope = scopeOf(call);
    await store.transact(async (tx) => {
      const row = await exportTasks.get(tx, scope, [taskId]);
      if (!row) throw resourceNotFound();
      if (row.endedAtMs !== undefined) throw new ServiceError('InvalidOperationException', 'The specified export task has already finished');
      endExport(tx, scope, taskId, { ...row, status: 'CANCELLED', message: 'Cancelled by user', endedAtMs: call.nowMs });
    });
    return {};
  },
});

function describe(taskId: string, { taskName, groupName, fromMs, toMs, bucket, prefix, status, message, createdAtMs, endedAtMs }: ExportRow) {
  return {
    ...{ taskId, logGroupName: groupName, from: fromMs, to: toMs, destination: bucket, destinationPrefix: prefix },
    ...(taskName === undefined ? {} : { taskName }),
    status: { code: status, ...(message === undefined ? {} : { message }) },
    executionInfo: { creationTime: createdAtMs, ...(endedAtMs === undefined ? {} : { completionTime: endedAtMs }) },
  };
}
