// What may be provisioned, and for whom: the rules of PutProvisionedConcurrencyConfig, whoever asks.
import { rangeLimitMax } from '../../../kv/limits.ts';
import type { ReadTransaction, Transaction } from '../../../kv/store.ts';
import { isAliasName } from '../domain/alias.ts';
import { functionArn } from '../domain/functionName.ts';
import type { FunctionReference } from '../domain/functionName.ts';
import { errors } from '../errors.ts';
import { unreservedConcurrencyMin } from '../limits.ts';
import { requireVersion } from '../lookup.ts';
import { guardAliases, latest, listAliases, readUsage } from '../store.ts';
import type { AliasRow, FunctionRow } from '../store.ts';
import { findProvisioned, setProvisioned, shareOf } from './provisionedStore.ts';
import type { ProvisionedRow } from './provisionedStore.ts';

export interface Wanted {
  readonly count: number;
  readonly nowMs: number;
  readonly accountConcurrency: number;
}

/** Sets the provisioned concurrency of a version or alias. Throws before anything is written. */
export async function provision(tx: Transaction, reference: FunctionReference, wanted: Wanted): Promise<ProvisionedRow> {
  const { account, region, qualifier = latest } = reference;
  if (qualifier === latest) throw errors.provisionedUnpublished();
  const { head, row: version, alias } = await requireVersion(tx, reference).catch((error: unknown) => {
    throw isAliasName(qualifier) ? errors.noAliasArn(functionArn(reference, reference.name, qualifier)) : error;
  });
  if (version.snapStart !== undefined) throw errors.invalidParameter('Provisioned Concurrency is not supported for functions enabled with SnapStart.');
  // https://docs.aws.amazon.com/lambda/latest/dg/tenant-isolation.html, "Supported features and limitations".
  if (version.tenancy !== undefined) throw errors.invalidParameter('Provisioned Concurrency is not supported for functions with tenant isolation.');
  await requireUnshared(tx, reference, head, alias);
  const old = await findProvisioned(tx, reference, qualifier);
  const provisionedConcurrency = (head.provisionedConcurrency ?? 0) - (old?.count ?? 0) + wanted.count;
  await requireRoom(tx, reference, head, { ...head, provisionedConcurrency }, wanted);
  guardAliases(tx, reference, head.name);
  const row: ProvisionedRow = { account, region, name: head.name, qualifier, count: wanted.count, modifiedAtMs: wanted.nowMs, revision: (old?.revision ?? 0) + 1 };
  await setProvisioned(tx, head, old, row);
  return row;
}

/** A version is provisioned once: for itself, or for one alias that leads to it. */
async function requireUnshared(tx: ReadTransaction, reference: FunctionReference, head: FunctionRow, alias: AliasRow | undefined): Promise<void> {
  if (alias === undefined) {
    for (const other of await listAliases(tx, reference, head.name, { limit: rangeLimitMax })) {
      if (other.version === reference.qualifier && (await findProvisioned(tx, reference, other.name)) !== undefined) throw errors.versionProvisionedByAlias();
    }
    return;
  }
  if (alias.version === latest) throw errors.provisionedUnpublished();
  if (alias.weights.length > 0) throw errors.aliasRouted();
  await requireVersionFree(tx, reference, alias);
}

/** Throws when the version that a provisioned alias is to lead to is provisioned itself. */
export async function requireVersionFree(tx: ReadTransaction, reference: FunctionReference, { version }: Pick<AliasRow, 'version'>): Promise<void> {
  if ((await findProvisioned(tx, reference, version)) !== undefined) throw errors.versionProvisioned();
}

async function requireRoom(tx: ReadTransaction, reference: FunctionReference, old: FunctionRow, next: FunctionRow, { count, accountConcurrency }: Wanted): Promise<void> {
  const { reservedConcurrency, provisionedConcurrency = 0 } = next;
  if (reservedConcurrency !== undefined) {
    if (provisionedConcurrency <= reservedConcurrency) return;
    throw errors.invalidParameter('Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function');
  }
  if (count > accountConcurrency) {
    throw errors.invalidParameter(`Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [${accountConcurrency}].`);
  }
  const { reservedConcurrency: taken } = await readUsage(tx, reference);
  // What others run on demand is not left with less than a hundred. Less than before is always allowed.
  if (shareOf(next) > shareOf(old) && accountConcurrency - taken - shareOf(next) + shareOf(old) < unreservedConcurrencyMin) {
    throw errors.invalidParameter(
      `Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [${unreservedConcurrencyMin}].`,
    );
  }
}
