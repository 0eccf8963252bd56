// What is told of durable executions.
import type { Operation } from '@aws-sdk/client-lambda';
import { makeMarker, openMarker } from '../domain/marker.ts';
import { executionAccess, requireExecution, requireName } from '../durable/access.ts';
import { describeEvent, describeExecution, describeListedExecution, describeOperation } from '../durable/describe.ts';
import { itemsDefault, itemsMax } from '../durable/limits.ts';
import { openToken } from '../durable/names.ts';
import { listExecutions, listHistory, listOperations } from '../durable/store.ts';
import type { ExecutionRow } from '../durable/store.ts';
import { errors } from '../errors.ts';
import { accessTo, referenceOf, requireVersion } from '../lookup.ts';
import { operation } from '../operation.ts';

const limitOf = ({ MaxItems }: { readonly MaxItems?: number | undefined }): number => Math.min(MaxItems || itemsDefault, itemsMax);

const getDurableExecution = operation('GetDurableExecution', {
  access: executionAccess('lambda:GetDurableExecution'),
  handle(input, call, { store }) {
    const name = requireName(input.DurableExecutionArn, call);
    return store.read(async (tx) => describeExecution(tx, name, await requireExecution(tx, name, input.DurableExecutionArn), input.IncludeExecutionData !== false));
  },
});

const getDurableExecutionState = operation('GetDurableExecutionState', {
  access: executionAccess('lambda:GetDurableExecutionState'),
  handle(input, call, { store }) {
    const name = requireName(input.DurableExecutionArn, call);
    const limit = limitOf(input);
    const [after = 0] = openMarker(input.Marker, ['number']) ?? [];
    return store.read(async (tx) => {
      const row = await requireExecution(tx, name, input.DurableExecutionArn);
      const token = openToken(input.CheckpointToken ?? '', row.executionId);
      if (token !== row.token) throw errors.invalidParameter('Invalid Checkpoint Token');
      const rows = await listOperations(tx, name, { limit: limit + 1, after: Number(after) });
      const Operations: Operation[] = [];
      for (const found of rows.slice(0, limit)) Operations.push(await describeOperation(tx, name, row, found));
      const last = rows[limit - 1];
      return { Operations, ...(rows.length > limit && last !== undefined ? { NextMarker: makeMarker([last.number]) } : {}) };
    });
  },
});

const getDurableExecutionHistory = operation('GetDurableExecutionHistory', {
  access: executionAccess('lambda:GetDurableExecutionHistory'),
  handle(input, call, { store }) {
    const name = requireName(input.DurableExecutionArn, call);
    const limit = limitOf(input);
    const [after] = openMarker(input.Marker, ['number']) ?? [];
    return store.read(async (tx) => {
      await requireExecution(tx, name, input.DurableExecutionArn);
      const rows = await listHistory(tx, name, { limit: limit + 1, after: after === undefined ? undefined : Number(after), reverse: input.ReverseOrder === true });
      const Events = await Promise.all(rows.slice(0, limit).map((row) => describeEvent(tx, name, row, input.IncludeExecutionData !== false)));
      const last = Events.at(-1)?.EventId;
      return { Events, ...(rows.length > limit && last !== undefined ? { NextMarker: makeMarker([last]) } : {}) };
    });
  },
});

const listDurableExecutionsByFunction = operation('ListDurableExecutionsByFunction', {
  access: accessTo('lambda:ListDurableExecutionsByFunction', { qualified: true }),
  handle(input, call, { store }) {
    const reference = referenceOf(input, call);
    const limit = limitOf(input);
    const marker = openMarker(input.Marker, ['number', 'string']);
    const startedAfterMs = input.StartedAfter?.getTime() ?? Number.NEGATIVE_INFINITY;
    const startedBeforeMs = input.StartedBefore?.getTime() ?? Number.POSITIVE_INFINITY;
    const isAsked = (row: ExecutionRow): boolean =>
      (reference.qualifier === undefined || row.version === reference.qualifier || row.qualifier === reference.qualifier) &&
      (input.DurableExecutionName === undefined || row.name === input.DurableExecutionName) &&
      (input.Statuses === undefined || input.Statuses.includes(row.status)) &&
      row.startedAtMs > startedAfterMs &&
      row.startedAtMs < startedBeforeMs;
    return store.read(async (tx) => {
      await requireVersion(tx, reference);
      const after = marker === undefined ? undefined : ([Number(marker[0]), String(marker[1])] as const);
      const rows = await listExecutions(tx, reference, reference.name, { limit, reverse: input.ReverseOrder === true, after });
      const last = rows.at(-1);
      const found = rows.filter(isAsked).map((row) => describeListedExecution({ account: reference.account, region: reference.region, functionName: reference.name, name: row.name }, row));
      // A page may be short where most executions are not asked for.
      return { DurableExecutions: found, ...(rows.length < limit || last === undefined ? {} : { NextMarker: makeMarker([last.startedAtMs, last.name]) }) };
    });
  },
});

/** GetDurableExecution, GetDurableExecutionState, GetDurableExecutionHistory and ListDurableExecutionsByFunction. */
export const durableReadOperations = {
  GetDurableExecution: getDurableExecution,
  GetDurableExecutionState: getDurableExecutionState,
  GetDurableExecutionHistory: getDurableExecutionHistory,
  ListDurableExecutionsByFunction: listDurableExecutionsByFunction,
};
