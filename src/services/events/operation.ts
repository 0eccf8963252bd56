import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import type { AccessRequest, Call } from '../../framework/context.ts';
import { operationsOf } from '../../framework/service.ts';
import type { ReadTransaction, Store } from '../../kv/store.ts';
import type { Scope } from '../../kv/table.ts';
import type { Timers } from '../../kv/timers.ts';
import type { TargetDirectory } from '../../ports/outbox.ts';
import type { SecretKeeper } from '../../ports/secretKeeper.ts';
import type { ConnectionAuth } from './delivery/connectionAuth.ts';
import { busArn, type BusName, busNameOf, defaultBus, ruleArn } from './domain/names.ts';
import { errors } from './errors.ts';
import type { PublishDeps } from './publish.ts';
import { buses, type BusRow, rules, type RuleRow, type Tags } from './store.ts';

/** What every operation of the service may use. */
export interface EventsDeps extends PublishDeps {
  readonly store: Store;
  /** Product time. */
  readonly clock: Clock;
  readonly random: Random;
  readonly timers: Timers;
  readonly log: Logger;
  /** Everything that a rule's target can be. */
  readonly directory: TargetDirectory;
  readonly secrets: SecretKeeper;
  readonly auth: ConnectionAuth;
}

export const operation = operationsOf<typeof import('@aws-sdk/client-eventbridge'), EventsDeps>();

export const scopeOf = ({ account, region }: Call): Scope => ({ account, region });

const noTags: Tags = {};

/** The default bus is there without a row. */
export async function findBus(tx: ReadTransaction, name: BusName): Promise<BusRow | undefined> {
  const row = await buses.get(tx, name, [name.bus]);
  return row ?? (name.bus === defaultBus ? { createdAtMs: 0, modifiedAtMs: 0, tags: noTags } : undefined);
}

export async function requireBus(tx: ReadTransaction, name: BusName): Promise<BusRow> {
  const row = await findBus(tx, name);
  if (!row) throw errors.busMissing(name.bus);
  return row;
}

export async function requireRule(tx: ReadTransaction, bus: BusName, rule: string): Promise<RuleRow> {
  await requireBus(tx, bus);
  const row = await rules.get(tx, bus, [bus.bus, rule]);
  if (!row) throw errors.ruleMissing(rule, bus.bus);
  return row;
}

/** A bus of the caller's, or of another account that it names by ARN. */
export async function busAccess(action: string, nameOrArn: string | undefined, call: Call, deps: EventsDeps): Promise<AccessRequest> {
  const name = busNameOf(nameOrArn, scopeOf(call));
  const row = await deps.store.read((tx) => findBus(tx, name));
  return { action: `events:${action}`, resource: busArn(name), ...policyOf(row), ...(row && tagConditions(row.tags)) };
}

/** Of a rule; the policy of its bus may let another account make rules there. */
export async function ruleAccess(action: string, rule: string | undefined, busNameOrArn: string | undefined, call: Call, deps: EventsDeps, conditions: AccessRequest['conditions'] = {}): Promise<AccessRequest> {
  const bus = busNameOf(busNameOrArn, scopeOf(call));
  const [busRow, ruleRow] = await deps.store.read((tx) => Promise.all([findBus(tx, bus), rules.get(tx, bus, [bus.bus, rule ?? ''])]));
  const known = { ...(ruleRow ? { 'events:creatorAccount': ruleRow.createdBy, ...tagConditions(ruleRow.tags).conditions } : {}), ...conditions };
  return { action: `events:${action}`, resource: ruleArn(bus, rule ?? ''), ...(bus.account === call.account ? {} : policyOf(busRow)), ...(Object.keys(known).length === 0 ? {} : { conditions: known }) };
}

const policyOf = (row: BusRow | undefined): { resourcePolicy?: string } => (row?.policy === undefined ? {} : { resourcePolicy: row.policy });

function tagConditions(tags: Tags): { conditions?: Record<string, string> } {
  const entries = Object.entries(tags);
  return entries.length === 0 ? {} : { conditions: Object.fromEntries(entries.map(([key, value]) => [`aws:ResourceTag/${key}`, value])) };
}

/** `iam:PassRole` for a role that EventBridge is to act in. */
export function passRole(roleArns: readonly (string | undefined)[]): AccessRequest[] {
  const distinct = [...new Set(roleArns.filter((arn) => arn !== undefined && arn !== ''))] as string[];
  return distinct.map((resource) => ({ action: 'iam:PassRole', resource, conditions: { 'iam:PassedToService': 'events.amazonaws.com' } }));
}

export function nowOf({ clock }: { readonly clock: Clock }): number {
  return Math.floor(clock.now());
}

/** A page of what is listed by name: begins behind the name in the token. */
export function readToken(token: string | undefined): string | undefined {
  if (token === undefined) return undefined;
  const text = Buffer.from(token, 'base64url').toString('utf8');
  if (text === '' || makeToken(text) !== token) throw errors.validation('Invalid token value.');
  return text;
}

export const makeToken = (name: string): string => Buffer.from(name, 'utf8').toString('base64url');

export function readTags(tags: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[] | undefined): Tags {
  const seen: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const { Key = '', Value = '' } of tags ?? []) {
    if (Key.toLowerCase().startsWith('aws:')) throw errors.validation('Tag keys that begin with aws: are reserved.');
    seen[Key] = Value;
  }
  return { ...seen };
}
