import type { Policy } from '@aws-sdk/client-iam';
import type { ReadTransaction } from '../../../kv/store.ts';
import { describeManagedPolicy, describePolicy } from '../describe.ts';
import { iamArn } from '../domain/names.ts';
import { pageOf } from '../domain/paging.ts';
import type { ManagedPolicies } from '../managedPolicies.ts';
import { operation } from '../operation.ts';
import { listPolicyRows, usesOf } from '../store.ts';

interface Entry {
  readonly policy: Policy;
  readonly path: string;
}

// Keys of the list: the account's own policies come first.
const own = '0';
const managed = '1';

export const listPolicies = operation('ListPolicies', {
  access: () => ({ action: 'iam:ListPolicies', resource: '*' }),
  async handle(input, call, { store, managedPolicies }) {
    const { Scope = 'All', OnlyAttached = false, PathPrefix = '/', PolicyUsageFilter: usage } = input;
    const isWanted = ({ policy, path }: Entry): boolean => {
      const { AttachmentCount: attached = 0, PermissionsBoundaryUsageCount: bounding = 0 } = policy;
      const uses = usage === 'PermissionsBoundary' ? bounding : usage === 'PermissionsPolicy' ? attached : attached + bounding;
      return path.startsWith(PathPrefix) && (uses > 0 || (!OnlyAttached && usage === undefined));
    };
    const page = await store.read((tx) =>
      pageOf(
        input,
        async (after = '', limit) => {
          const owned = Scope === 'AWS' || after > managed ? [] : await ownEntries(tx, call.account, after.slice(1), limit);
          const wanted = limit - owned.length;
          if (Scope === 'Local' || wanted === 0) return owned;
          return [...owned, ...(await managedEntries(tx, call.account, managedPolicies, { after: after > managed ? after.slice(1) : '', limit: wanted }))];
        },
        isWanted,
      ),
    );
    return { Policies: page.items.map(({ policy }) => policy), ...page.position };
  },
});

async function ownEntries(tx: ReadTransaction, account: string, after: string, limit: number): Promise<{ key: string; item: Entry }[]> {
  const entries: { key: string; item: Entry }[] = [];
  for (const { key, item: row } of await listPolicyRows(tx, account, { after, limit })) {
    const uses = await usesOf(tx, account, iamArn(account, 'policy', row.path, row.name));
    entries.push({ key: `${own}${key}`, item: { policy: describePolicy(account, row, uses), path: row.path } });
  }
  return entries;
}

async function managedEntries(
  tx: ReadTransaction,
  account: string,
  policies: ManagedPolicies,
  { after, limit }: { readonly after: string; readonly limit: number },
): Promise<{ key: string; item: Entry }[]> {
  const entries: { key: string; item: Entry }[] = [];
  for (const policy of policies.all.filter(({ name }) => name > after).slice(0, limit)) {
    const uses = await usesOf(tx, account, policy.arn);
    entries.push({ key: `${managed}${policy.name}`, item: { policy: describeManagedPolicy(policy, uses), path: policy.path } });
  }
  return entries;
}
