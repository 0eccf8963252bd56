import { invalidParameter } from '../errors.ts';
import { pageGroups } from '../groupPages.ts';
import type { NamedGroup } from '../groupPages.ts';
import { describeItemsDefault } from '../limits.ts';
import { groupAccess, groupArn, groupNameOf, operation, scopeOf } from '../operation.ts';
import { findGroups, readStoredBytes } from '../store.ts';
import type { ReadTransaction } from '../../../kv/store.ts';
import type { Scope } from '../../../kv/table.ts';

export const describeLogGroups = operation('DescribeLogGroups', {
  access: ({ logGroupNamePrefix = '' }, call) => groupAccess('DescribeLogGroups', call, logGroupNamePrefix),
  async handle(input, call, { store }) {
    const { logGroupNamePrefix: prefix, logGroupNamePattern: pattern, logGroupIdentifiers, logGroupClass, accountIdentifiers, limit, nextToken } = input;
    if (prefix !== undefined && pattern !== undefined) {
      throw invalidParameter('LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.');
    }
    if (logGroupIdentifiers && [prefix, pattern, logGroupClass, accountIdentifiers].some((other) => other !== undefined)) {
      throw invalidParameter('LogGroup identifiers cannot be combined with other filters.');
    }
    // No account is linked to another here, and every group is of the standard class: other filters find nothing.
    if (accountIdentifiers && !accountIdentifiers.includes(call.account)) return { logGroups: [] };
    if (logGroupClass !== undefined && logGroupClass !== 'STANDARD') return { logGroups: [] };
    const scope = scopeOf(call);
    return store.read(async (tx) => {
      if (logGroupIdentifiers) {
        const names = logGroupIdentifiers.map((logGroupIdentifier) => groupNameOf({ logGroupIdentifier }, call));
        const found = await findGroups(tx, scope, names);
        return { logGroups: await Promise.all(found.map((group) => describe(tx, scope, group))) };
      }
      const { found, next } = await pageGroups(tx, scope, {
        limit: limit ?? describeItemsDefault,
        token: nextToken,
        prefix,
        ...(pattern === undefined ? {} : { wants: ({ name }) => name.includes(pattern) }),
      });
      return {
        // With a pattern the service leaves out what it would have to look up (API reference, logGroupNamePattern).
        logGroups: await Promise.all(found.map((group) => (pattern === undefined ? describe(tx, scope, group) : describeBriefly(scope, group)))),
        ...(next === undefined ? {} : { nextToken: next }),
      };
    });
  },
});

function describeBriefly(scope: Scope, { name, group }: NamedGroup) {
  const logGroupArn = groupArn(scope, name);
  return {
    logGroupName: name,
    creationTime: group.createdAtMs,
    metricFilterCount: group.metricFilters ?? 0,
    arn: `${logGroupArn}:*`,
    logGroupArn,
    logGroupClass: 'STANDARD' as const,
  };
}

async function describe(tx: ReadTransaction, scope: Scope, named: NamedGroup) {
  const { retentionDays, deletionProtected, id } = named.group;
  return {
    ...describeBriefly(scope, named),
    ...(retentionDays === undefined ? {} : { retentionInDays: retentionDays }),
    storedBytes: await readStoredBytes(tx, scope, id),
    deletionProtectionEnabled: deletionProtected,
  };
}
