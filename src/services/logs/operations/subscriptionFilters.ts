import { parseArn } from '../../../base/arn.ts';
import { parseFilterPattern } from '../domain/filter-pattern/parseFilterPattern.ts';
import { formatListToken, parseListToken } from '../domain/tokens.ts';
import { filterNotFound, invalidParameter, limitExceeded, resourceNotFound, unsupported } from '../errors.ts';
import { describeItemsDefault, subscriptionsMax } from '../limits.ts';
import { groupAccess, operation, scopeOf } from '../operation.ts';
import type { LogsDeps } from '../operation.ts';
import { listSubscriptions, requireGroup, setGroup, subscriptions } from '../store.ts';
import { principalFor } from '../subscriptionAccess.ts';
import type { Call } from '../../../framework/context.ts';
import type { Scope } from '../../../kv/table.ts';

// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutSubscriptionFilter.html

export const putSubscriptionFilter = operation('PutSubscriptionFilter', {
  access: ({ logGroupName = '' }, call) => groupAccess('PutSubscriptionFilter', call, logGroupName),
  async handle(input, call, deps) {
    const { logGroupName = '', filterName = '', filterPattern = '', destinationArn = '', roleArn, distribution = 'ByLogStream' } = input;
    refuseExtras(input);
    parseFilterPattern(filterPattern);
    const scope = scopeOf(call);
    await deps.store.read((tx) => requireGroup(tx, scope, logGroupName));
    await requireDestination(deps, call, { logGroupName, destinationArn, roleArn });
    await deps.store.transact(async (tx) => {
      const group = await requireGroup(tx, scope, logGroupName);
      const known = await subscriptions.get(tx, scope, [logGroupName, filterName]);
      const count = group.subscriptions ?? 0;
      if (!known && count >= subscriptionsMax) throw limitExceeded();
      if (!known) setGroup(tx, scope, logGroupName, { ...group, subscriptions: count + 1 });
      subscriptions.set(tx, scope, [logGroupName, filterName], { pattern: filterPattern, destinationArn, distribution, createdAtMs: known?.createdAtMs ?? call.nowMs });
    });
    return {};
  },
});

export const describeSubscriptionFilters = operation('DescribeSubscriptionFilters', {
  access: ({ logGroupName = '' }, call) => groupAccess('DescribeSubscriptionFilters', call, logGroupName),
  async handle({ logGroupName = '', filterNamePrefix = '', nextToken, limit = describeItemsDefault }, call, { store }) {
    const scope = scopeOf(call);
    const after = nextToken === undefined ? undefined : String(parseListToken('subscriptions', nextToken, ['string'])[0]);
    const all = await store.read(async (tx) => {
      await requireGroup(tx, scope, logGroupName);
      return listSubscriptions(tx, scope, logGroupName);
    });
    const wanted = all.filter(({ name }) => name.startsWith(filterNamePrefix) && (after === undefined || name > after));
    const page = wanted.slice(0, limit);
    const last = wanted.length > page.length ? page.at(-1) : undefined;
    return {
      subscriptionFilters: page.map(({ name, row }) => ({
        filterName: name,
        logGroupName,
        filterPattern: row.pattern,
        destinationArn: row.destinationArn,
        distribution: row.distribution,
        applyOnTransformedLogs: false,
        creationTime: row.createdAtMs,
      })),
      ...(last ? { nextToken: formatListToken('subscriptions', [last.name]) } : {}),
    };
  },
});

export const deleteSubscriptionFilter = operation('DeleteSubscriptionFilter', {
  access: ({ logGroupName = '' }, call) => groupAccess('DeleteSubscriptionFilter', call, logGroupName),
  async handle({ logGroupName = '', filterName = '' }, call, { store }) {
    const scope = scopeOf(call);
    await store.transact(async (tx) => {
      const group = await requireGroup(tx, scope, logGroupName);
      if (!(await subscriptions.get(tx, scope, [logGroupName, filterName]))) throw filterNotFound('subscription');
      subscriptions.clear(tx, scope, [logGroupName, filterName]);
      setGroup(tx, scope, logGroupName, { ...group, subscriptions: Math.max(0, (group.subscriptions ?? 0) - 1) });
    });
    return {};
  },
});

interface Extras {
  readonly applyOnTransformedLogs?: boolean | undefined;
  readonly fieldSelectionCriteria?: string | undefined;
  readonly emitSystemFields?: readonly string[] | undefined;
}

function refuseExtras({ applyOnTransformedLogs = false, fieldSelectionCriteria, emitSystemFields }: Extras): void {
  if (applyOnTransformedLogs) throw unsupported('applyOnTransformedLogs');
  if (fieldSelectionCriteria !== undefined && fieldSelectionCriteria !== '') throw unsupported('fieldSelectionCriteria');
  if (emitSystemFields && emitSystemFields.length > 0) throw unsupported('emitSystemFields');
}

interface Destination {
  readonly logGroupName: string;
  readonly destinationArn: string;
  readonly roleArn: string | undefined;
}

async function requireDestination({ functions }: LogsDeps, call: Call, { logGroupName, destinationArn, roleArn }: Destination): Promise<void> {
  const scope = scopeOf(call);
  const arn = parseArn(destinationArn);
  if (!arn) throw invalidParameter('Invalid destinationArn.');
  const { service: vendor } = arn;
  // Nothing can be a destination of other accounts here: its target would be a stream.
  if (vendor === 'logs') throw resourceNotFound();
  if (vendor === 'kinesis' || vendor === 'firehose') {
    if (roleArn === undefined) throw invalidParameter(`destinationArn for vendor ${vendor} cannot be used without roleArn`);
    const kind = vendor === 'kinesis' ? 'Kinesis' : 'Firehose';
    throw invalidParameter(`Could not deliver test message to specified ${kind} stream. Check if the given ${vendor} stream is in ACTIVE state.`);
  }
  if (vendor !== 'lambda') throw invalidParameter(`PutSubscriptionFilter operation cannot work with destinationArn for vendor ${vendor}`);
  if (roleArn !== undefined) throw invalidParameter('destinationArn for vendor lambda cannot be used with roleArn');
  // AWS tries the function; here its policy is asked, so that nothing runs that no event has caused.
  if ((await principalFor(functions, scope, logGroupName, destinationArn)) === undefined) {
    throw invalidParameter('Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute your function.');
  }
  refuseLoop(scope, logGroupName, arn);
}

// DEVIATION: AWS lets a function's own output invoke it, and warns of the endless loop.
function refuseLoop({ account, region }: Scope, logGroupName: string, arn: { readonly account: string; readonly region: string; readonly resource: string }): void {
  const functionName = arn.resource.split(':')[1] ?? '';
  if (arn.account !== account || arn.region !== region || logGroupName !== `/aws/lambda/${functionName}`) return;
  throw invalidParameter(`The function ${functionName} writes to the log group ${logGroupName}: it would invoke itself without end.`);
}
