// What one caller may do, put together from its row, its groups and what is attached to them. Kept in memory under the
// account's epoch, which is read with every request and moves with every change: a cached answer is never stale.

import type { ReadTransaction, Store } from '../../kv/store.ts';
import type { Caller, CallerPolicies, IssuedCredential, PolicyText } from '../../ports/identity.ts';
import { cachedCallersMax } from './limits.ts';
import type { ManagedPolicies } from './managedPolicies.ts';
import type { Organization } from './organization.ts';
import { findPolicyDocument } from './policies.ts';
import { epochKey, findEntity, listInlinePolicies, type EntityRow } from './store.ts';

export interface CallerPoliciesReader {
  of(caller: Caller, credential: IssuedCredential | undefined): Promise<CallerPolicies>;
}

interface CachedPolicies {
  readonly epoch: string;
  readonly policies: CallerPolicies;
}

const nothing: CallerPolicies = { identity: [] };

// Design, "Identity": a role that does not exist is tolerated in local mode, and nothing is enforced on it.
const everything: CallerPolicies = {
  identity: [{ source: 'the role does not exist', document: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}' }],
};

const everythingOfRoot: CallerPolicies = {
  identity: [{ source: 'the root user', document: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}' }],
};

/** Whose policies a caller acts by. */
interface Owner {
  readonly account: string;
  readonly kind: 'user' | 'role';
  readonly name: string;
  readonly id: string;
}

export function createCallerPolicies(
  store: Store,
  managed: ManagedPolicies,
  { toleratesMissingRoles, organization }: { readonly toleratesMissingRoles: boolean; readonly organization?: Pick<Organization, 'serviceControlOf'> | undefined },
): CallerPoliciesReader {
  const cached = new Map<string, CachedPolicies>();

  async function policiesOf({ account, kind, name, id }: Owner): Promise<CallerPolicies> {
    const key = `${account} ${id} ${name}`;
    const [epochValue] = await store.getMany([epochKey(account)]);
    const known = cached.get(key);
    if (known && known.epoch === epochText(epochValue)) return known.policies;
    const read = await store.read(async (tx) => {
      const row = await findEntity(tx, account, kind, name);
      // One that was deleted and made again under its name is somebody else.
      const policies = row?.id === id ? await policiesOfEntity(tx, managed, account, row) : nothing;
      return { epoch: epochText(await tx.get(epochKey(account))), policies };
    });
    cached.delete(key);
    cached.set(key, read);
    if (cached.size > cachedCallersMax) for (const oldest of [...cached.keys()].slice(0, 1)) cached.delete(oldest);
    return read.policies;
  }

  async function ownPolicies(caller: Exclude<Caller, { kind: 'root' | 'anonymous' }>): Promise<CallerPolicies> {
    const owner = ownerOf(caller);
    return owner ? await policiesOf(owner) : everythingOfRoot;
  }

  return {
    async of(caller, credential) {
      const serviceControl = organization?.serviceControlOf(caller.account);
      const bound = serviceControl && { serviceControl };
      if (caller.kind === 'root' || caller.kind === 'anonymous') return bound ? { ...nothing, ...bound } : nothing;
      // Asked now and not when the session was made: one from local mode gains nothing on a server that is strict since.
      const own = credential?.roleMissing && toleratesMissingRoles ? everything : await ownPolicies(caller);
      // Without policies of its own such a session may do nothing by itself (STS API reference, GetFederationToken: Policy).
      if (caller.kind === 'federated-user' && !credential?.sessionPolicies) return { ...own, ...bound, session: [] };
      if (!credential?.sessionPolicies && !credential?.conditions) return bound ? { ...own, ...bound } : own;
      return {
        ...own,
        ...bound,
        ...(credential.sessionPolicies && { session: credential.sessionPolicies }),
        ...(credential.conditions && { conditions: { ...own.conditions, ...credential.conditions } }),
      };
    },
  };
}

/** Undefined for a federated session of the account's root, which has no policies but those of the session. */
function ownerOf(caller: Exclude<Caller, { kind: 'root' | 'anonymous' }>): Owner | undefined {
  const { account } = caller;
  if (caller.kind === 'user') return { account, kind: 'user', name: caller.userName, id: caller.userId };
  if (caller.kind === 'role-session') return { account, kind: 'role', name: caller.roleName, id: caller.userId.split(':', 1)[0] ?? '' };
  return caller.owner.kind === 'root' ? undefined : { account, kind: 'user', name: caller.owner.userName, id: caller.owner.userId };
}

async function policiesOfEntity(tx: ReadTransaction, managed: ManagedPolicies, account: string, row: EntityRow): Promise<CallerPolicies> {
  const identity = await attachedAndInline(tx, managed, account, row);
  for (const groupName of row.kind === 'user' ? row.groups : []) {
    const group = await findEntity(tx, account, 'group', groupName);
    if (group) identity.push(...(await attachedAndInline(tx, managed, account, group)));
  }
  const conditions = Object.fromEntries(row.tags.map(({ Key, Value }) => [`aws:PrincipalTag/${Key}`, Value]));
  if (row.boundaryArn === undefined) return { identity, conditions };
  const document = await findPolicyDocument(tx, managed, account, row.boundaryArn);
  // A boundary whose policy is gone allows nothing.
  return { identity, conditions, boundary: { source: row.boundaryArn, document: document ?? '' } };
}

async function attachedAndInline(tx: ReadTransaction, managed: ManagedPolicies, account: string, row: EntityRow): Promise<PolicyText[]> {
  const texts: PolicyText[] = [];
  for (const source of row.attached) {
    const document = await findPolicyDocument(tx, managed, account, source);
    if (document !== undefined) texts.push({ source, document });
  }
  for (const { name, document } of await listInlinePolicies(tx, account, row)) texts.push({ source: `inline:${name}`, document });
  return texts;
}

function epochText(value: Uint8Array | undefined): string {
  return value === undefined ? '' : Buffer.from(value).toString('hex');
}
