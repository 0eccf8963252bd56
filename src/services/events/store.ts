import { createHash } from 'node:crypto';
import type { ReadTransaction, Transaction } from '../../kv/store.ts';
import { defineTable, type Scope } from '../../kv/table.ts';
import type { BusName } from './domain/names.ts';

//   bus             name                             -> BusRow; the default bus has a row only once something was set
//   epoch           bus                              -> EpochRow: changes with every rule and target of the bus
//   rule            bus, rule                        -> RuleRow
//   target          bus, rule, target id             -> TargetRow
//   targetOf        bus, sha256 of ARN, rule, target id -> {}: ListRuleNamesByTarget
//   archive         name                             -> ArchiveRow
//   archived        archive id, time, event id, part -> ArchivedRow
//   archiveCount    archive id                       -> two counters (events, bytes) as rows of their own
//   replay          name                             -> ReplayRow
//   connection      name                             -> ConnectionRow
//   apiDestination  name                             -> ApiDestinationRow

export type Tags = Readonly<Record<string, string>>;

export interface BusRow {
  readonly createdAtMs: number;
  readonly modifiedAtMs: number;
  readonly description?: string;
  /** JSON text. */
  readonly policy?: string;
  readonly deadLetterArn?: string;
  readonly logging?: { readonly level: string; readonly includeDetail: string };
  readonly tags: Tags;
}

export type RuleState = 'ENABLED' | 'DISABLED' | 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS';

export interface RuleRow {
  readonly createdAtMs: number;
  readonly createdBy: string;
  readonly pattern?: string;
  readonly schedule?: string;
  /** From when a rate is counted. */
  readonly scheduledFromMs?: number;
  readonly state: RuleState;
  readonly description?: string;
  readonly roleArn?: string;
  readonly managedBy?: string;
  readonly tags: Tags;
  /** How many targets it has. */
  readonly targets: number;
}

/** What the API calls a target, without its id. */
export interface TargetRow {
  readonly Arn: string;
  readonly RoleArn?: string;
  readonly Input?: string;
  readonly InputPath?: string;
  readonly InputTransformer?: { readonly InputPathsMap?: Readonly<Record<string, string>>; readonly InputTemplate: string };
  readonly SqsParameters?: { readonly MessageGroupId?: string };
  readonly HttpParameters?: {
    readonly PathParameterValues?: readonly string[];
    readonly HeaderParameters?: Readonly<Record<string, string>>;
    readonly QueryStringParameters?: Readonly<Record<string, string>>;
  };
  readonly DeadLetterConfig?: { readonly Arn?: string };
  readonly RetryPolicy?: { readonly MaximumRetryAttempts?: number; readonly MaximumEventAgeInSeconds?: number };
}

interface EpochRow {
  readonly epoch: number;
  /** How many rules the bus has. */
  readonly rules: number;
}

export interface ArchiveRow {
  /** Of this one: another of the same name has another. */
  readonly id: string;
  readonly createdAtMs: number;
  readonly bus: string;
  readonly description?: string;
  readonly pattern?: string;
  /** 0: for ever. */
  readonly retentionDays: number;
}

export interface ArchivedRow {
  /** In the first part: how many there are. */
  readonly parts: number;
  readonly text: Uint8Array;
}

export type ReplayState = 'STARTING' | 'RUNNING' | 'CANCELLING' | 'COMPLETED' | 'CANCELLED' | 'FAILED';

export interface ReplayRow {
  readonly state: ReplayState;
  readonly reason?: string;
  readonly description?: string;
  readonly archive: string;
  readonly archiveId: string;
  readonly archiveArn: string;
  readonly bus: string;
  readonly filterArns?: readonly string[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly startedAtMs: number;
  readonly endedAtMs?: number;
  readonly lastReplayedMs?: number;
  /** The last event that was replayed. */
  readonly after?: readonly [timeMs: number, eventId: string];
}

export interface HttpParameter {
  readonly key: string;
  /** Absent where it is secret: then the connection's secret has it. */
  readonly value?: string;
  readonly secret: boolean;
}

export interface ConnectionParameters {
  readonly headers: readonly HttpParameter[];
  readonly query: readonly HttpParameter[];
  readonly body: readonly HttpParameter[];
}

export type ConnectionState = 'AUTHORIZED' | 'DEAUTHORIZED' | 'AUTHORIZING' | 'FAILED_CONNECTIVITY';

export interface ConnectionRow {
  readonly id: string;
  readonly createdAtMs: number;
  readonly modifiedAtMs: number;
  readonly authorizedAtMs?: number;
  readonly description?: string;
  readonly state: ConnectionState;
  readonly reason?: string;
  readonly secretArn?: string;
  readonly type: 'API_KEY' | 'BASIC' | 'OAUTH_CLIENT_CREDENTIALS';
  /** The name of the key, the user or the client: what may be shown. */
  readonly name: string;
  readonly authorizationEndpoint?: string;
  readonly authorizationMethod?: string;
  readonly authorizationParameters?: ConnectionParameters;
  readonly invocationParameters?: ConnectionParameters;
  /** Grows with each change: tokens are kept under it. */
  readonly version: number;
}

export interface ApiDestinationRow {
  readonly id: string;
  readonly createdAtMs: number;
  readonly modifiedAtMs: number;
  readonly description?: string;
  readonly connectionArn: string;
  readonly endpoint: string;
  readonly method: string;
  readonly ratePerSecond?: number;
}

const service = 'events';
export const buses = defineTable<BusRow>(service, 'bus');
const epochs = defineTable<EpochRow>(service, 'epoch');
export const rules = defineTable<RuleRow>(service, 'rule');
export const targets = defineTable<TargetRow>(service, 'target');
const targetOf = defineTable<Record<never, never>>(service, 'targetOf');
export const archives = defineTable<ArchiveRow>(service, 'archive');
export const archived = defineTable<ArchivedRow>(service, 'archived');
const archiveCounts = defineTable<Record<never, never>>(service, 'archiveCount');
export const replays = defineTable<ReplayRow>(service, 'replay');
export const connections = defineTable<ConnectionRow>(service, 'connection');
export const apiDestinations = defineTable<ApiDestinationRow>(service, 'apiDestination');

/** Checked when the transaction commits: who reads rules by a range reads this first. */
export async function readEpoch(tx: ReadTransaction, name: BusName): Promise<number> {
  return (await epochs.get(tx, name, [name.bus]))?.epoch ?? 0;
}

/** Part of every change of a bus's rules and targets. Answers how many rules the bus has after it. */
export async function moveEpoch(tx: Transaction, name: BusName, addedRules = 0): Promise<number> {
  const { epoch, rules: before } = (await epochs.get(tx, name, [name.bus])) ?? { epoch: 0, rules: 0 };
  epochs.set(tx, name, [name.bus], { epoch: epoch + 1, rules: before + addedRules });
  return before + addedRules;
}

export function setTarget(tx: Transaction, name: BusName, rule: string, id: string, row: TargetRow, old: TargetRow | undefined): void {
  if (old && old.Arn !== row.Arn) targetOf.clear(tx, name, [name.bus, hashOf(old.Arn), rule, id]);
  targetOf.set(tx, name, [name.bus, hashOf(row.Arn), rule, id], {});
  targets.set(tx, name, [name.bus, rule, id], row);
}

export function clearTarget(tx: Transaction, name: BusName, rule: string, id: string, { Arn }: TargetRow): void {
  targetOf.clear(tx, name, [name.bus, hashOf(Arn), rule, id]);
  targets.clear(tx, name, [name.bus, rule, id]);
}

/** Names of the rules that have a target, in order, from behind `after`. */
export async function listRulesOf(tx: ReadTransaction, name: BusName, arn: string, options: { readonly limit: number; readonly after: string | undefined }): Promise<string[]> {
  const prefix = [name.bus, hashOf(arn)];
  const found: string[] = [];
  let after = options.after === undefined ? undefined : [...prefix, options.after, '\u{10ffff}'];
  while (found.length < options.limit) {
    const [next] = await targetOf.list(tx, name, prefix, { limit: 1, ...(after && { after }) });
    if (next === undefined) break;
    const rule = String(next.parts[2]);
    found.push(rule);
    after = [...prefix, rule, '\u{10ffff}'];
  }
  return found;
}

export function archiveCountKeys(scope: Scope, archiveId: string): { readonly events: Uint8Array; readonly bytes: Uint8Array } {
  return { events: archiveCounts.key(scope, [archiveId, 'events']), bytes: archiveCounts.key(scope, [archiveId, 'bytes']) };
}

// An ARN may be longer than a part of a key should be.
const hashOf = (arn: string): string => createHash('sha256').update(arn).digest('base64url');
