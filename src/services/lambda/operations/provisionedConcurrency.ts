import type { GetProvisionedConcurrencyConfigResponse } from '@aws-sdk/client-lambda';
import type { ReadTransaction } from '../../../kv/store.ts';
import { isAliasName } from '../domain/alias.ts';
import { functionArn } from '../domain/functionName.ts';
import type { FunctionReference } from '../domain/functionName.ts';
import { makeMarker, openMarker } from '../domain/marker.ts';
import { provisionedKey } from '../environments/provisioned.ts';
import { findProvisioned, listProvisioned, setProvisioned } from '../environments/provisionedStore.ts';
import type { ProvisionedRow } from '../environments/provisionedStore.ts';
import { provision } from '../environments/provision.ts';
import { errors } from '../errors.ts';
import { provisionedPageMax } from '../limits.ts';
import { accessTo, referenceOf, requireFunction, requireVersion, wholeFunctionOf } from '../lookup.ts';
import { operation } from '../operation.ts';
import type { LambdaContext } from '../operation.ts';
import { findAlias, latest } from '../store.ts';

const putProvisionedConcurrencyConfig = operation('PutProvisionedConcurrencyConfig', {
  access: accessTo('lambda:PutProvisionedConcurrencyConfig', { qualified: true }),
  async handle(input, call, context) {
    const reference = referenceOf(input, call);
    const count = input.ProvisionedConcurrentExecutions ?? 0;
    const written = await context.store.transact((tx) => provision(tx, reference, { count, nowMs: call.nowMs, accountConcurrency: context.accountConcurrency }));
    // Nothing is said of what is ready already: AWS answers the request's own state.
    return describe(written, { allocated: 0, available: 0, status: 'IN_PROGRESS' });
  },
});

const getProvisionedConcurrencyConfig = operation('GetProvisionedConcurrencyConfig', {
  access: accessTo('lambda:GetProvisionedConcurrencyConfig', { qualified: true }),
  async handle(input, call, context) {
    const reference = referenceOf(input, call);
    const row = await context.store.read((tx) => requireConfigOf(tx, reference));
    if (row === undefined) throw errors.noProvisionedConfig();
    return describe(row, statusOf(row, context));
  },
});

const deleteProvisionedConcurrencyConfig = operation('DeleteProvisionedConcurrencyConfig', {
  access: accessTo('lambda:DeleteProvisionedConcurrencyConfig', { qualified: true }),
  async handle(input, call, { store }) {
    const reference = referenceOf(input, call);
    await store.transact(async (tx) => {
      const row = await requireConfigOf(tx, reference);
      // What is not there is deleted already: the API reference lists no error for it.
      if (row !== undefined) await setProvisioned(tx, await requireFunction(tx, reference), row, undefined);
    });
    return {};
  },
});

const listProvisionedConcurrencyConfigs = operation('ListProvisionedConcurrencyConfigs', {
  access: accessTo('lambda:ListProvisionedConcurrencyConfigs'),
  async handle(input, call, context) {
    const reference = wholeFunctionOf(input, call);
    const limit = Math.min(input.MaxItems ?? provisionedPageMax, provisionedPageMax);
    const [after] = openMarker(input.Marker, ['string']) ?? [];
    const rows = await context.store.read(async (tx) => {
      await requireFunction(tx, reference);
      return listProvisioned(tx, reference, { limit: limit + 1, after: after === undefined ? undefined : String(after) });
    });
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return {
      ProvisionedConcurrencyConfigs: page.map((row) => ({ FunctionArn: functionArn(row, row.name, row.qualifier), ...describe(row, statusOf(row, context)) })),
      ...(last === undefined || rows.length <= limit ? {} : { NextMarker: makeMarker([last.qualifier]) }),
    };
  },
});

/** Provisioned concurrency: environments that are kept initialised for a version or an alias. */
export const provisionedConcurrencyOperations = {
  PutProvisionedConcurrencyConfig: putProvisionedConcurrencyConfig,
  GetProvisionedConcurrencyConfig: getProvisionedConcurrencyConfig,
  DeleteProvisionedConcurrencyConfig: deleteProvisionedConcurrencyConfig,
  ListProvisionedConcurrencyConfigs: listProvisionedConcurrencyConfigs,
};

async function requireConfigOf(tx: ReadTransaction, reference: FunctionReference): Promise<ProvisionedRow | undefined> {
  const { qualifier = latest, name } = reference;
  if (qualifier === latest) throw errors.provisionedQualifier();
  if (isAliasName(qualifier) && (await findAlias(tx, reference, name, qualifier)) === undefined) throw errors.noAliasArn(functionArn(reference, name, qualifier));
  await requireVersion(tx, reference);
  return findProvisioned(tx, reference, qualifier);
}

interface Shown {
  readonly allocated: number;
  readonly available: number;
  readonly status: 'IN_PROGRESS' | 'READY' | 'FAILED';
  readonly reason?: string;
}

function statusOf(row: ProvisionedRow, { fleet }: LambdaContext): Shown {
  // A row that nobody has looked at yet, right after its commit or a start of the server.
  return fleet.provisioned.status(provisionedKey(row, row.name, row.qualifier), row) ?? { allocated: 0, available: 0, status: 'IN_PROGRESS' };
}

const describe = (row: ProvisionedRow, { allocated, available, status, reason }: Shown): GetProvisionedConcurrencyConfigResponse => ({
  RequestedProvisionedConcurrentExecutions: row.count,
  AvailableProvisionedConcurrentExecutions: available,
  AllocatedProvisionedConcurrentExecutions: allocated,
  Status: status,
  ...(reason === undefined ? {} : { StatusReason: reason }),
  // In whole seconds, as in the examples of the API reference.
  LastModified: new Date(row.modifiedAtMs).toISOString().replace(/\.\d+Z$/, '+0000'),
});

