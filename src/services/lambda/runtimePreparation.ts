// What can be done before a function is invoked: a runtime whose interpreter this host lacks: it is fetched once, and functions that name it are Pending meanwhile. What is
// invoked nevertheless waits (DEVIATION: AWS refuses it), so that scripts without a waiter work.
import { programToRun } from './images/functionImage.ts';
import type { PackageStore } from './packages/packageStore.ts';
import type { RuntimeKind, Sandbox } from '../../sandbox/types.ts';
import type { Store } from '../../kv/store.ts';
import type { Moment } from './domain/configuration.ts';
import { runtimeKindOf } from './domain/runtimes.ts';
import type { Deployment } from './environments/deployment.ts';
import { environmentVariables } from './environments/variables.ts';
import { expectedAtStartMax, functionsSeenAtStartMax } from './limits.ts';
import { listRecentFunctions } from './store.ts';
import type { VariableVault } from './variableVault.ts';

export type RuntimePreparation = Pick<Sandbox, 'prepare' | 'isPreparing' | 'expect'>;

export interface PreparationDeps {
  readonly runtimes: RuntimePreparation;
  readonly variables: VariableVault;
  /** Where the roots of images are. */
  readonly packages?: Pick<PackageStore, 'folderOf'>;
}

/** Called when a function was created or changed: its first invocation is to find everything ready. */
export async function prepareFunction(deployment: Deployment, deps: PreparationDeps): Promise<void> {
  const kind = runtimeKindOf(deployment.row.runtime);
  if (kind !== undefined) deps.runtimes.prepare(kind);
  await expectFunction(deployment, deps);
}

/** The functions that were changed last are likely to be invoked first: once for each of a few runtimes, whatever is stored. */
export async function expectStoredFunctions(store: Store, deps: PreparationDeps): Promise<void> {
  const recent = await store.read((tx) => listRecentFunctions(tx, functionsSeenAtStartMax));
  const seen = new Set<string>();
  for (const deployment of recent) {
    if (seen.size === expectedAtStartMax) return;
    if (seen.has(deployment.row.runtime)) continue;
    seen.add(deployment.row.runtime);
    try {
      await expectFunction(deployment, deps);
    } catch {
      // Its variables cannot be read: its invocation says so, to whoever wants it.
    }
  }
}

const noCredentials = { accessKeyId: '', secretAccessKey: '', sessionToken: '' };

/** Has an environment of its kind started ahead, which takes more than the runtime to tell. */
async function expectFunction(deployment: Deployment, { runtimes, variables: vault, packages }: PreparationDeps): Promise<void> {
  const { row } = deployment;
  const runtime: RuntimeKind | undefined = row.image ? { family: 'custom' } : runtimeKindOf(row.runtime);
  const image = row.image && packages ? { image: programToRun(row.image), codeFolder: packages.folderOf(row.code) } : {};
  if (row.image && !packages) return;
  // A user's KMS key is used when the function is, and not before.
  if (runtime === undefined || row.sealedDataKey !== undefined) return;
  const own = await vault.open(deployment);
  const variables = environmentVariables({ deployment, own, logStreamName: '', credentials: noCredentials });
  runtimes.expect({ runtime, ...image, variables, ephemeralStorageMegabytes: row.ephemeralMegabytes });
}

/** Which moment of its life a stored function shows. */
export function momentOf(row: { readonly runtime: string }, runtimes: RuntimePreparation): Moment {
  const kind = runtimeKindOf(row.runtime);
  return kind !== undefined && runtimes.isPreparing(kind) ? 'being-created' : 'settled';
}
