import { uuid } from '../../../base/ids.ts';
import type { Call } from '../../../framework/context.ts';
import type { ReadTransaction } from '../../../kv/store.ts';
import { describeAlias, requireRoutable, requireWeights } from '../domain/alias.ts';
import type { Weights } from '../domain/alias.ts';
import { functionArn } from '../domain/functionName.ts';
import type { FunctionReference } from '../domain/functionName.ts';
import { makeMarker, openMarker } from '../domain/marker.ts';
import { refuseUnimplemented } from '../domain/settings.ts';
import { requireVersionFree } from '../environments/provision.ts';
import { endProvisioned, touchProvisioned } from '../environments/provisionedStore.ts';
import { errors } from '../errors.ts';
import { clearEventConfig } from '../invocations/eventConfigStore.ts';
import { listPageMax } from '../limits.ts';
import { accessTo, requireFunction, requireRevision, requireVersion, wholeFunctionOf } from '../lookup.ts';
import { operation } from '../operation.ts';
import { clearAlias, clearPolicy, findAlias, findFunction, guardAliases, latest, listAliases as listRows, setAlias } from '../store.ts';
import type { AliasRow } from '../store.ts';
import { clearUrl } from '../urls/urlStore.ts';

const implemented = new Set(['FunctionName', 'Name', 'FunctionVersion', 'Description', 'RevisionId', 'RoutingConfig', 'RoutingConfig.AdditionalVersionWeights']);

const createAlias = operation('CreateAlias', {
  access: accessTo('lambda:CreateAlias'),
  async handle(input, call, { store, random }) {
    const reference = functionOf(input, call);
    refuseUnimplemented(input, implemented);
    const version = input.FunctionVersion ?? '';
    const row: AliasRow = {
      name: input.Name ?? '',
      version,
      description: input.Description ?? '',
      weights: requireWeights(input.RoutingConfig?.AdditionalVersionWeights ?? {}, version),
      revisionId: uuid(random),
    };
    await store.transact(async (tx) => {
      await requireVersions(tx, reference, row.version, row.weights);
      if ((await findAlias(tx, reference, reference.name, row.name)) !== undefined) throw errors.aliasExists(functionArn(reference, reference.name, row.name));
      setAlias(tx, reference, reference.name, row);
    });
    return describeAlias(reference, reference.name, row);
  },
});

const getAlias = operation('GetAlias', {
  access: accessTo('lambda:GetAlias'),
  async handle(input, call, { store }) {
    const reference = functionOf(input, call);
    const alias = input.Name ?? '';
    const row = await store.read(async (tx) => {
      await requireFunction(tx, reference);
      return findAlias(tx, reference, reference.name, alias);
    });
    if (row === undefined) throw errors.noAliasArn(functionArn(reference, reference.name, alias));
    return describeAlias(reference, reference.name, row);
  },
});

const updateAlias = operation('UpdateAlias', {
  access: accessTo('lambda:UpdateAlias'),
  async handle(input, call, { store, random }) {
    const reference = functionOf(input, call);
    refuseUnimplemented(input, implemented);
    const alias = input.Name ?? '';
    const changed = await store.transact(async (tx) => {
      await requireFunction(tx, reference);
      const row = await findAlias(tx, reference, reference.name, alias);
      if (row === undefined) throw errors.aliasNotFound(functionArn(reference, reference.name, alias));
      requireRevision(row, input.RevisionId);
      const version = input.FunctionVersion ?? row.version;
      // An empty RoutingConfig ends the routing; none leaves it as it is.
      const weights = input.RoutingConfig === undefined ? row.weights : requireWeights(input.RoutingConfig.AdditionalVersionWeights ?? {}, version);
      requireRoutable(weights, version);
      await requireVersions(tx, reference, version, weights);
      const next: AliasRow = { ...row, version, weights, description: input.Description ?? row.description, revisionId: uuid(random) };
      if ((await touchProvisioned(tx, reference, alias)) !== undefined) {
        if (version === latest) throw errors.provisionedUnpublished();
        await requireVersionFree(tx, reference, next);
      }
      setAlias(tx, reference, reference.name, next);
      return next;
    });
    return describeAlias(reference, reference.name, changed);
  },
});

const deleteAlias = operation('DeleteAlias', {
  access: accessTo('lambda:DeleteAlias'),
  async handle(input, call, { store }) {
    const reference = functionOf(input, call);
    const alias = input.Name ?? '';
    // What does not exist is deleted already: the API reference lists no ResourceNotFoundException here.
    await store.transact(async (tx) => {
      guardAliases(tx, reference, reference.name);
      const head = await findFunction(tx, reference, reference.name);
      if (head !== undefined) await endProvisioned(tx, head, reference, alias);
      clearAlias(tx, reference, reference.name, alias);
      clearPolicy(tx, reference, reference.name, alias);
      clearEventConfig(tx, reference, reference.name, alias);
      clearUrl(tx, reference, reference.name, alias);
    });
    return {};
  },
});

const listAliases = operation('ListAliases', {
  access: accessTo('lambda:ListAliases'),
  async handle(input, call, { store }) {
    const reference = functionOf(input, call);
    const limit = Math.min(input.MaxItems ?? listPageMax, listPageMax);
    const [after] = openMarker(input.Marker, ['string']) ?? [];
    const rows = await store.read(async (tx) => {
      await requireFunction(tx, reference);
      return collectAliases(tx, reference, { limit: limit + 1, afterAlias: after === undefined ? undefined : String(after), version: input.FunctionVersion });
    });
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return {
      Aliases: page.map((row) => describeAlias(reference, reference.name, row)),
      ...(last === undefined || rows.length <= limit ? {} : { NextMarker: makeMarker([last.name]) }),
    };
  },
});

/** CreateAlias, GetAlias, UpdateAlias, DeleteAlias and ListAliases. */
export const aliasOperations = {
  CreateAlias: createAlias,
  GetAlias: getAlias,
  UpdateAlias: updateAlias,
  DeleteAlias: deleteAlias,
  ListAliases: listAliases,
};

const functionOf = (input: { readonly FunctionName?: string | undefined }, call: Call): FunctionReference =>
  wholeFunctionOf({ FunctionName: input.FunctionName }, call);

async function requireVersions(tx: ReadTransaction, reference: FunctionReference, version: string, weights: Weights): Promise<void> {
  await requireFunction(tx, reference);
  for (const qualifier of [version, ...weights.map(([other]) => other)]) await requireVersion(tx, { ...reference, qualifier });
}

interface Wanted {
  readonly limit: number;
  readonly afterAlias: string | undefined;
  readonly version: string | undefined;
}

async function collectAliases(tx: ReadTransaction, reference: FunctionReference, { limit, afterAlias, version }: Wanted): Promise<AliasRow[]> {
  const found: AliasRow[] = [];
  for (let after = afterAlias; found.length < limit; ) {
    const rows = await listRows(tx, reference, reference.name, { limit, afterAlias: after });
    found.push(...rows.filter((row) => version === undefined || row.version === version));
    if (rows.length < limit) break;
    after = rows.at(-1)?.name;
  }
  return found.slice(0, limit);
}
