import type { Random } from '../../base/random.ts';
import type { Clock } from '../../base/clock.ts';
import type { BlobStore } from '../../blob/blobStore.ts';
import type { AccessRequest, Call } from '../../framework/context.ts';
import { operationsOf } from '../../framework/service.ts';
import type { ReadTransaction, Store } from '../../kv/store.ts';
import type { Scope } from '../../kv/table.ts';
import type { Timers } from '../../kv/timers.ts';
import { repositoryArn } from './domain/names.ts';
import { errors } from './errors.ts';
import { policies, repositories } from './store.ts';
import type { Found } from './store.ts';

/** What this service needs of the blob store. */
export type EcrBlobs = Pick<BlobStore, 'put' | 'duplicate' | 'open' | 'read' | 'filePath' | 'adopt' | 'discard' | 'delete' | 'keep'>;

/** What every operation of the service may use. */
export interface EcrDeps {
  readonly store: Store;
  readonly blobs: EcrBlobs;
  readonly random: Random;
  readonly timers: Timers;
  /** Product time. */
  readonly clock: Clock;
  /** Tokens and links are sealed with it. */
  readonly sealKey: Uint8Array;
}

export const operation = operationsOf<typeof import('@aws-sdk/client-ecr'), EcrDeps>();

/** The registry that a request names, or the caller's own. */
export function scopeOf(call: Pick<Call, 'account' | 'region'>, registryId?: string): Scope {
  return { account: registryId ?? call.account, region: call.region };
}

export async function findRepository(tx: ReadTransaction, scope: Scope, name: string): Promise<Found | undefined> {
  const row = await repositories.get(tx, scope, [name]);
  return row && { scope, name, row };
}

export async function requireRepository(tx: ReadTransaction, scope: Scope, name: string): Promise<Found> {
  const found = await findRepository(tx, scope, name);
  if (found === undefined) throw errors.repositoryNotFound(name, scope.account);
  return found;
}

/** Permission for an action on a repository, whose own policy has a say too. */
export async function repositoryAccess(action: string, scope: Scope, name: string, { store }: Pick<EcrDeps, 'store'>): Promise<AccessRequest> {
  const found = await store.read(async (tx) => {
    const repository = await findRepository(tx, scope, name);
    return repository && { repository, policy: await policies.get(tx, scope, [repository.row.id]) };
  });
  const tags = Object.fromEntries((found?.repository.row.tags ?? []).flatMap(([key, value]) => [[`aws:ResourceTag/${key}`, value], [`ecr:ResourceTag/${key}`, value]]));
  return {
    action: `ecr:${action}`,
    resource: repositoryArn(scope, name),
    conditions: tags,
    ...(found?.policy === undefined ? {} : { resourcePolicy: withResource(found.policy.document, repositoryArn(scope, name)) }),
  };
}

/** Repository policies name no resource: they are about their repository (user guide, "Private repository policies"). */
export function withResource(document: string, resource: string): string {
  const policy = JSON.parse(document) as { Statement: object | object[] };
  const statements = Array.isArray(policy.Statement) ? policy.Statement : [policy.Statement];
  return JSON.stringify({ ...policy, Statement: statements.map((statement) => ('Resource' in statement || 'NotResource' in statement ? statement : { ...statement, Resource: resource })) });
}

/** `access` of operations on one repository. */
export function accessTo(action: string) {
  return (input: { readonly repositoryName?: string | undefined; readonly registryId?: string | undefined }, call: Call, deps: EcrDeps): Promise<AccessRequest> =>
    repositoryAccess(action, scopeOf(call, input.registryId), input.repositoryName ?? '', deps);
}

export interface Page {
  readonly maxResults?: number | undefined;
  readonly nextToken?: string | undefined;
}

/** A page of what is known whole, and the token for the next. */
export function pageOf<Item>(items: readonly Item[], keyOf: (item: Item) => string, { maxResults = 100, nextToken }: Page): { readonly items: readonly Item[]; readonly nextToken?: string } {
  const after = nextToken === undefined ? undefined : readToken(nextToken);
  const rest = after === undefined ? items : items.filter((item) => keyOf(item) > after);
  const page = rest.slice(0, maxResults);
  const last = page.at(-1);
  return rest.length > page.length && last !== undefined ? { items: page, nextToken: Buffer.from(`1 ${keyOf(last)}`).toString('base64url') } : { items: page };
}

function readToken(token: string): string {
  const text = Buffer.from(token, 'base64url').toString('utf8');
  if (!text.startsWith('1 ')) throw errors.invalidParameter("'nextToken' failed to satisfy constraint: 'Invalid token'");
  return text.slice(2);
}
