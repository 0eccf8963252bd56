import type { DestinationConfig, FunctionEventInvokeConfig, PutFunctionEventInvokeConfigRequest } from '@aws-sdk/client-lambda';
import { ServiceError } from '../../../base/errors.ts';
import type { Call } from '../../../framework/context.ts';
import { functionArn } from '../domain/functionName.ts';
import type { FunctionReference } from '../domain/functionName.ts';
import { makeMarker, openMarker } from '../domain/marker.ts';
import { refuseUnimplemented } from '../domain/settings.ts';
import { errors } from '../errors.ts';
import { requireDestination } from '../invocations/destinations.ts';
import { clearEventConfig, findEventConfig, listEventConfigs, setEventConfig } from '../invocations/eventConfigStore.ts';
import type { EventConfigRow } from '../invocations/eventConfigStore.ts';
import { listPageMax } from '../limits.ts';
import { accessTo, ownReferenceOf, requireVersion } from '../lookup.ts';
import { operation } from '../operation.ts';
import type { LambdaContext } from '../operation.ts';
import { latest } from '../store.ts';

const implemented = new Set([
  'FunctionName', 'Qualifier', 'MaximumRetryAttempts', 'MaximumEventAgeInSeconds', 'DestinationConfig.OnSuccess.Destination', 'DestinationConfig.OnFailure.Destination',
]);

const putFunctionEventInvokeConfig = operation('PutFunctionEventInvokeConfig', {
  access: accessTo('lambda:PutFunctionEventInvokeConfig', { qualified: true }),
  handle: (input, call, context) => write(input, call, context, 'lambda:PutFunctionEventInvokeConfig', () => ({})),
});

const updateFunctionEventInvokeConfig = operation('UpdateFunctionEventInvokeConfig', {
  access: accessTo('lambda:UpdateFunctionEventInvokeConfig', { qualified: true }),
  handle: (input, call, context) =>
    write(input, call, context, 'lambda:UpdateFunctionEventInvokeConfig', (old, reference) => {
      if (old === undefined) throw noConfig(reference);
      return old;
    }),
});

const getFunctionEventInvokeConfig = operation('GetFunctionEventInvokeConfig', {
  access: accessTo('lambda:GetFunctionEventInvokeConfig', { qualified: true }),
  async handle(input, call, { store }) {
    const reference = ownReferenceOf(input, call, 'lambda:GetFunctionEventInvokeConfig');
    const row = await store.read((tx) => findEventConfig(tx, reference, reference.name, reference.qualifier));
    if (row === undefined) throw noConfig(reference);
    return describe(reference, row);
  },
});

const deleteFunctionEventInvokeConfig = operation('DeleteFunctionEventInvokeConfig', {
  access: accessTo('lambda:DeleteFunctionEventInvokeConfig', { qualified: true }),
  async handle(input, call, { store }) {
    const reference = ownReferenceOf(input, call, 'lambda:DeleteFunctionEventInvokeConfig');
    await store.transact(async (tx) => {
      if ((await findEventConfig(tx, reference, reference.name, reference.qualifier)) === undefined) throw noConfig(reference);
      clearEventConfig(tx, reference, reference.name, reference.qualifier);
    });
    return {};
  },
});

const listFunctionEventInvokeConfigs = operation('ListFunctionEventInvokeConfigs', {
  access: accessTo('lambda:ListFunctionEventInvokeConfigs'),
  async handle(input, call, { store }) {
    const reference = ownReferenceOf({ FunctionName: input.FunctionName }, call, 'lambda:ListFunctionEventInvokeConfigs');
    const limit = Math.min(input.MaxItems ?? listPageMax, listPageMax);
    const [after] = openMarker(input.Marker, ['string']) ?? [];
    const rows = await store.read(async (tx) => {
      await requireVersion(tx, { ...reference, qualifier: undefined }).catch(notThere);
      return listEventConfigs(tx, reference, reference.name, { limit: limit + 1, after: after === undefined ? undefined : String(after) });
    });
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return {
      FunctionEventInvokeConfigs: page.map((row) => describe(reference, row)),
      ...(last === undefined || rows.length <= limit ? {} : { NextMarker: makeMarker([last.qualifier]) }),
    };
  },
});

/** Put, Update, Get, Delete and ListFunctionEventInvokeConfig(s): retries, age and destinations of asynchronous invocations. */
export const eventInvokeConfigOperations = {
  PutFunctionEventInvokeConfig: putFunctionEventInvokeConfig,
  UpdateFunctionEventInvokeConfig: updateFunctionEventInvokeConfig,
  GetFunctionEventInvokeConfig: getFunctionEventInvokeConfig,
  DeleteFunctionEventInvokeConfig: deleteFunctionEventInvokeConfig,
  ListFunctionEventInvokeConfigs: listFunctionEventInvokeConfigs,
};

type Settings = Omit<EventConfigRow, 'qualifier' | 'modifiedAtMs'>;

async function write(
  input: PutFunctionEventInvokeConfigRequest,
  call: Call,
  context: LambdaContext,
  action: string,
  baseOf: (old: EventConfigRow | undefined, reference: FunctionReference) => Settings,
): Promise<FunctionEventInvokeConfig> {
  const { store } = context;
  const reference = ownReferenceOf(input, call, action);
  refuseUnimplemented(input, implemented);
  const { MaximumRetryAttempts, MaximumEventAgeInSeconds, DestinationConfig } = input;
  if (MaximumRetryAttempts === undefined && MaximumEventAgeInSeconds === undefined && DestinationConfig === undefined) {
    throw errors.invalidParameter('You must specify at least one of error handling or destination setting.');
  }
  const { row: version } = await store.read((tx) => requireVersion(tx, reference)).catch(notThere);
  for (const kind of ['OnSuccess', 'OnFailure'] as const) {
    const arn = DestinationConfig?.[kind]?.Destination;
    if (arn) await requireDestination(arn, reference, version.roleArn, kind, context);
  }
  const row = await store.transact(async (tx) => {
    await requireVersion(tx, reference).catch(notThere);
    const base = baseOf(await findEventConfig(tx, reference, reference.name, reference.qualifier), reference);
    const next: EventConfigRow = {
      ...withDestinations(base, DestinationConfig),
      ...(MaximumRetryAttempts === undefined ? {} : { retriesMax: MaximumRetryAttempts }),
      ...(MaximumEventAgeInSeconds === undefined ? {} : { ageSecondsMax: MaximumEventAgeInSeconds }),
      ...{ qualifier: reference.qualifier ?? latest, modifiedAtMs: call.nowMs },
    };
    setEventConfig(tx, reference, reference.name, next);
    return next;
  });
  return describe(reference, row);
}

/** A `DestinationConfig` replaces both destinations; none leaves them as they are. */
function withDestinations(base: Settings, given: DestinationConfig | undefined): Settings {
  if (given === undefined) return base;
  const { onSuccess: _onSuccess, onFailure: _onFailure, ...rest } = base;
  const { OnSuccess, OnFailure } = given;
  return { ...rest, ...(OnSuccess?.Destination ? { onSuccess: OnSuccess.Destination } : {}), ...(OnFailure?.Destination ? { onFailure: OnFailure.Destination } : {}) };
}

const describe = (reference: FunctionReference, row: EventConfigRow): FunctionEventInvokeConfig => ({
  LastModified: new Date(row.modifiedAtMs),
  FunctionArn: functionArn(reference, reference.name, row.qualifier),
  ...(row.retriesMax === undefined ? {} : { MaximumRetryAttempts: row.retriesMax }),
  ...(row.ageSecondsMax === undefined ? {} : { MaximumEventAgeInSeconds: row.ageSecondsMax }),
  DestinationConfig: {
    OnSuccess: row.onSuccess === undefined ? {} : { Destination: row.onSuccess },
    OnFailure: row.onFailure === undefined ? {} : { Destination: row.onFailure },
  },
});

const noConfig = (reference: FunctionReference): ServiceError =>
  new ServiceError('ResourceNotFoundException', `The function ${functionArn(reference, reference.name, reference.qualifier ?? latest)} doesn't have an EventInvokeConfig`, {
    status: 404,
    members: { Type: 'User' },
  });

function notThere(error: unknown): never {
  if (!(error instanceof ServiceError)) throw error;
  throw new ServiceError('ResourceNotFoundException', "The function doesn't exist.", { status: 404, members: { Type: 'User' } });
}
