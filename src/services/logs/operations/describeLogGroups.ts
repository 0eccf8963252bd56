import { formatListToken, parseListToken } from '../domain/tokens.ts';
import { invalidParameter } from '../errors.ts';
import { describeItemsDefault, describeScanMax } from '../limits.ts';
import { groupAccess, groupArn, groupNameOf, operation, scopeOf } from '../operation.ts';
import { findGroups, listGroups, readStoredBytes } from '../store.ts';
import type { GroupRow } from '../store.ts';
import type { ReadTransaction } from '../../../kv/store.ts';
import type { Scope } from '../../../kv/table.ts';

interface NamedGroup {
  readonly name: string;
  readonly group: GroupRow;
}

export const describeLogGroups = operation('DescribeLogGroups', {
  access: ({ logGroupNamePrefix = '' }, call) => groupAccess('DescribeLogGroups', call, logGroupNamePrefix),
  async handle(input, call, { store }) {
    const { logGroupNamePrefix: prefix, logGroupNamePattern: pattern, logGroupIdentifiers, logGroupClass, accountIdentifiers } = input;
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
      const { found, next } = await page(tx, scope, input);
      return {
        // With a pattern the service leaves out what it would have to look up (API reference, logGroupNamePattern).
        logGroups: await Promise.all(found.map((group) => (pattern === undefined ? describe(tx, scope, group) : describeBriefly(scope, group)))),
        ...(next === undefined ? {} : { nextToken: formatListToken('groups', [next]) }),
      };
    });
  },
});

interface PageInput {
  readonly logGroupNamePrefix?: string | undefined;
  readonly logGroupNamePattern?: string | undefined;
  readonly nextToken?: string | undefined;
  readonly limit?: number | undefined;
}

async function page(tx: ReadTransaction, scope: Scope, input: PageInput) {
  const { logGroupNamePrefix, logGroupNamePattern, nextToken, limit = describeItemsDefault } = input;
  const token = nextToken === undefined ? undefined : String(parseListToken('groups', nextToken, ['string'])[0]);
  const scanned = await listGroups(tx, scope, {
    limit: (logGroupNamePattern === undefined ? limit : describeScanMax) + 1,
    ...(logGroupNamePrefix === undefined ? {} : { prefix: logGroupNamePrefix }),
    ...(token === undefined ? {} : { after: token }),
  });
  const all = scanned.map(({ parts, row }): NamedGroup => ({ name: String(parts[0]), group: row }));
  const wanted = all.slice(0, describeScanMax).filter(({ name }) => logGroupNamePattern === undefined || name.includes(logGroupNamePattern));
  const found = wanted.slice(0, limit);
  if (wanted.length > limit) return { found, next: found.at(-1)?.name };
  return { found, next: all.length > describeScanMax ? all[describeScanMax - 1]?.name : undefined };
}

function describeBriefly(scope: Scope, { name, group }: NamedGroup) {
  const logGroupArn = groupArn(scope, name);
  return {
    logGroupName: name,
    creationTime: group.createdAtMs,
    metricFilterCount: 0,
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
