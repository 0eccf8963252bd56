import { rangeLimitMax } from '../../../kv/limits.ts';
import type { Transaction } from '../../../kv/store.ts';
import { clearSigningUse, signingConfigId } from '../code-signing/signingStore.ts';
import { isAliasName, versionNumberOf } from '../domain/alias.ts';
import type { FunctionReference } from '../domain/functionName.ts';
import { clearProvisioned, endProvisioned, shareOf } from '../environments/provisionedStore.ts';
import { errors } from '../errors.ts';
import { clearExecutionsOf } from '../durable/store.ts';
import { clearEventConfig, clearEventConfigs } from '../invocations/eventConfigStore.ts';
import { accessTo, referenceOf, requireFunction } from '../lookup.ts';
import { operation } from '../operation.ts';
import type { LambdaContext } from '../operation.ts';
import {
  addUsage, clearAliasesAndPolicies, clearFunction, clearPackageUser, clearPolicy, clearVersion, findVersion, guardAliases, latest, listAliases, listVersions,
} from '../store.ts';
import type { VersionRow } from '../store.ts';
import { contentsOf, leaveLayers } from '../layers/layerStore.ts';
import { clearUrls } from '../urls/urlStore.ts';
import { removeVersion } from '../versions.ts';

export const deleteFunction = operation('DeleteFunction', {
  access: accessTo('lambda:DeleteFunction', { qualified: true }),
  async handle(input, call, context) {
    const reference = referenceOf(input, call);
    const { qualifier } = reference;
    if (qualifier === latest) throw errors.invalidParameter('$LATEST version cannot be deleted without deleting the function.');
    if (qualifier !== undefined && isAliasName(qualifier)) throw errors.invalidParameter('Deletion of aliases is not currently supported.');
    const removed = await context.store.transact((tx) => (qualifier === undefined ? removeAll(tx, reference, context) : removeOne(tx, reference, qualifier, context)));
    for (const row of removed) {
      context.fleet.retire(reference, reference.name, row.version);
      context.snapshots.drop({ place: reference, name: reference.name, row });
      for (const sha256 of contentsOf(row)) context.packages.forget(sha256);
    }
    return { StatusCode: 204 };
  },
});

/** A version that does not exist is removed already: AWS answers 204 as well. */
async function removeOne(tx: Transaction, reference: FunctionReference, version: string, context: LambdaContext): Promise<VersionRow[]> {
  const head = await requireFunction(tx, { ...reference, qualifier: undefined });
  const number = versionNumberOf(version);
  const row = number === undefined ? undefined : await findVersion(tx, reference, head.name, number);
  if (row === undefined) return [];
  guardAliases(tx, reference, head.name);
  const aliases = await listAliases(tx, reference, head.name, { limit: rangeLimitMax });
  const users = aliases.filter((alias) => alias.version === version || alias.weights.some(([other]) => other === version));
  if (users.length > 0) throw errors.versionInUse(users.map((alias) => alias.name));
  await removeVersion(tx, reference, await endProvisioned(tx, head, reference, version), row, context);
  clearPolicy(tx, reference, head.name, version);
  clearEventConfig(tx, reference, head.name, version);
  return [row];
}

async function removeAll(tx: Transaction, reference: FunctionReference, { blobs }: LambdaContext): Promise<VersionRow[]> {
  const head = await requireFunction(tx, reference);
  const published = await listVersions(tx, reference, head.name, { limit: rangeLimitMax });
  const rows = [head.latest, ...published];
  for (const row of rows) clearPackageUser(tx, reference, head.name, row);
  await leaveLayers(tx, reference, head.name, rows, blobs);
  for (const row of published) clearVersion(tx, reference, head.name, Number(row.version));
  for (const blobId of new Set(rows.map((row) => row.code.blobId))) blobs.discard(tx, blobId);
  clearFunction(tx, reference, head.name);
  clearAliasesAndPolicies(tx, reference, head.name);
  clearEventConfigs(tx, reference, head.name);
  clearExecutionsOf(tx, reference, head.name);
  if (head.codeSigningConfigArn !== undefined) clearSigningUse(tx, reference, signingConfigId(head.codeSigningConfigArn, reference), head.name);
  await clearUrls(tx, reference, head.name);
  clearProvisioned(tx, reference);
  const codeBytes = rows.reduce((sum, row) => sum + row.code.zippedBytes, 0);
  await addUsage(tx, reference, { codeBytes: -codeBytes, functions: -1, reservedConcurrency: -shareOf(head) });
  return rows;
}
