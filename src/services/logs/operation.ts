import { formatArn, parseArn } from '../../base/arn.ts';
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import type { AccessRequest, Call } from '../../framework/context.ts';
import { operationsOf } from '../../framework/service.ts';
import type { Store } from '../../kv/store.ts';
import type { Scope } from '../../kv/table.ts';
import { bothGroupMembers, groupNotFound, noGroupMember } from './errors.ts';
import type { Following } from './following.ts';
import type { Exporting } from './exporting.ts';
import type { ServiceObjects } from '../../ports/serviceObjects.ts';
import type { Queries } from './queries.ts';
import type { Timers } from '../../kv/timers.ts';
import type { LiveTails } from './liveTails.ts';
import type { FunctionAccess } from '../../ports/functionAccess.ts';

/** What every operation of the service may use. */
export interface LogsDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly wall: Clock;
  readonly random: Random;
  readonly liveTails: LiveTails;
  readonly following: Following;
  /** Asked whether functions let the service in. */
  readonly functions: FunctionAccess;
  readonly queries: Queries;
  readonly exporting: Exporting;
  /** Buckets, for exports. */
  readonly objects: ServiceObjects;
  readonly timers: Timers;
}

export const operation = operationsOf<typeof import('@aws-sdk/client-cloudwatch-logs'), LogsDeps>();

export function scopeOf(call: Call): Scope {
  return { account: call.account, region: call.region };
}

/** `arn:aws:logs:…:log-group:NAME`, the form that tagging and `logGroupIdentifier` take. */
export function groupArn({ account, region }: Scope, groupName: string): string {
  return formatArn({ service: 'logs', region, account, resource: `log-group:${groupName}` });
}

export function streamArn(scope: Scope, groupName: string, streamName: string): string {
  return `${groupArn(scope, groupName)}:log-stream:${streamName}`;
}

/** Permission for something on a group. The service asks for it with an empty stream, so that `log-group:NAME:*` covers it. */
export function groupAccess(action: string, call: Call, groupName: string): AccessRequest {
  return { action: `logs:${action}`, resource: streamArn(scopeOf(call), groupName, '') };
}

export function streamAccess(action: string, call: Call, groupName: string, streamName: string): AccessRequest {
  return { action: `logs:${action}`, resource: streamArn(scopeOf(call), groupName, streamName) };
}

/** Tagging actions take the ARN without a trailing part (API reference, LogGroup$logGroupArn). */
export function tagAccess(action: string, resourceArn: string, tags: Readonly<Record<string, string>> = {}): AccessRequest {
  const conditions: Record<string, string | readonly string[]> = {};
  for (const [key, value] of Object.entries(tags)) conditions[`aws:RequestTag/${key}`] = value;
  if (Object.keys(tags).length > 0) conditions['aws:TagKeys'] = Object.keys(tags);
  return { action: `logs:${action}`, resource: resourceArn, conditions };
}

/** Permission for something that is no group's. */
export function accountAccess(action: string): AccessRequest {
  return { action: `logs:${action}`, resource: '*' };
}

interface GroupMembers {
  readonly logGroupName?: string | undefined;
  readonly logGroupIdentifier?: string | undefined;
}

/** The group that a request means by `logGroupName`, or by `logGroupIdentifier` with a name or an ARN. */
export function groupNameOf({ logGroupName, logGroupIdentifier }: GroupMembers, call: Call): string {
  if (logGroupName !== undefined && logGroupIdentifier !== undefined) throw bothGroupMembers();
  if (logGroupName !== undefined) return logGroupName;
  if (logGroupIdentifier === undefined) throw noGroupMember();
  if (!logGroupIdentifier.startsWith('arn:')) return logGroupIdentifier;
  return groupNameOfArn(logGroupIdentifier, call) ?? refuse();
}

function refuse(): never {
  // DEVIATION: groups of linked source accounts (cross-account observability) are not served.
  throw groupNotFound();
}

/** The name in a log group's ARN, with or without its trailing `:*`; undefined for other ARNs and other accounts. */
export function groupNameOfArn(text: string, call: Call): string | undefined {
  const arn = parseArn(text);
  if (!arn || arn.service !== 'logs' || arn.account !== call.account || arn.region !== call.region) return undefined;
  return /^log-group:([^:*]+)(?::\*)?$/.exec(arn.resource)?.[1];
}
