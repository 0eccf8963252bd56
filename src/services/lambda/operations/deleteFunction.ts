import { rangeLimitMax } from '../../../kv/limits.ts';
import type { Transaction } from '../../../kv/store.ts';
import type { FunctionReference } from '../domain/functionName.ts';
import { errors } from '../errors.ts';
import { accessTo, referenceOf, requireFunction, requireVersion } from '../lookup.ts';
import { operation } from '../operation.ts';
import type { LambdaContext } from '../operation.ts';
import { addUsage, clearFunction, clearPackageUser, clearVersion, latest, listVersions } from '../store.ts';
import type { VersionRow } from '../store.ts';
import { removeVersion } from '../versions.ts';

export const deleteFunction = operation('DeleteFunction', {
  access: accessTo('lambda:DeleteFunction', { qualified: true }),
  async handle(input, call, context) {
    const reference = referenceOf(input, call, 'lambda:DeleteFunction');
    if (reference.qualifier === latest) throw errors.invalidParameter('$LATEST version cannot be deleted without deleting the function.');
    const removed = await context.store.transact((tx) => (reference.qualifier === undefined ? removeAll(tx, reference, context) : removeOne(tx, reference, context)));
    for (const row of removed) {
      context.fleet.retire(reference, reference.name, row.version);
      context.packages.forget(row.code.sha256);
    }
    return { StatusCode: 204 };
  },
});

async function removeOne(tx: Transaction, reference: FunctionReference, context: LambdaContext): Promise<VersionRow[]> {
  const { head, row } = await requireVersion(tx, reference);
  await removeVersion(tx, reference, head, row, context);
  return [row];
}

async function removeAll(tx: Transaction, reference: FunctionReference, { blobs }: LambdaContext): Promise<VersionRow[]> {
  const head = await requireFunction(tx, reference);
  const published = await listVersions(tx, reference, head.name, { limit: rangeLimitMax });
  const rows = [head.latest, ...published];
  for (const row of rows) clearPackageUser(tx, reference, head.name, row);
  for (const row of published) clearVersion(tx, reference, head.name, Number(row.version));
  for (const blobId of new Set(rows.map((row) => row.code.blobId))) blobs.discard(tx, blobId);
  clearFunction(tx, reference, head.name);
  const codeBytes = rows.reduce((sum, row) => sum + row.code.zippedBytes, 0);
  await addUsage(tx, reference, { codeBytes: -codeBytes, functions: -1, reservedConcurrency: -(head.reservedConcurrency ?? 0) });
  return rows;
}
