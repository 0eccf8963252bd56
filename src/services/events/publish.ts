import type { Transaction } from '../../kv/store.ts';
import type { Emitter } from '../../ports/outbox.ts';
import { encodePayload, fanOutArn, type Header, placeArn, startOfTrail, type Trail } from './domain/delivery.ts';
import type { EventRecord } from './domain/eventRecord.ts';
import { busArn, type BusName, ruleArn } from './domain/names.ts';
import { eventAgeSecondsDefault, fanOutBytesMax, fanOutCountMax, retryAttemptsDefault } from './limits.ts';
import type { RuleMetrics } from './metrics.ts';
import type { KnownRule, KnownTarget, Rulesets } from './rulesets.ts';

export const ownPrincipal = 'events.amazonaws.com';

export interface PublishDeps {
  readonly emitter: Emitter;
  readonly rulesets: Rulesets;
  readonly metrics: RuleMetrics;
}

export interface Publication {
  readonly bus: BusName;
  readonly record: EventRecord;
  /** The record as JSON. */
  readonly text: string;
  readonly nowMs: number;
  readonly trail?: Trail;
  readonly only?: readonly string[];
  readonly after?: readonly [rule: string, target: string];
}

/** What one transaction may still write. */
export interface Budget {
  bytes: number;
  count: number;
}

export const newBudget = (): Budget => ({ bytes: fanOutBytesMax, count: fanOutCountMax });

/**
 * Commits with `tx` that an event goes to every target of every rule that it matches. What does not fit the transaction is left to the
 * bus itself, which goes on from there. The same bus twice in one transaction shares one budget.
 */
export async function publish(tx: Transaction, publication: Publication, budget: Budget, deps: PublishDeps): Promise<void> {
  const { bus, record, text, nowMs, trail = startOfTrail, only, after } = publication;
  const { index } = await deps.rulesets.read(tx, bus);
  const header: Header = { trail, ingestedAtMs: nowMs };
  const payload = encodePayload(header, text);
  let served = after;
  const matched = index.match(record);
  if (!after && !only && matched.length > 0) tx.afterCommit(() => deps.metrics.matched(bus, matched.map(({ name }) => name)));
  for (const rule of matched) {
    if (only && !only.includes(ruleArn(bus, rule.name))) continue;
    for (const target of rule.targets) {
      if (after && (rule.name < after[0] || (rule.name === after[0] && target.id <= after[1]))) continue;
      if (budget.count <= 0 || budget.bytes < payload.length) {
        const rest: Header = { ...header, ...(only && { only }), after: served ?? ['', ''] };
        deps.emitter.emit(tx, { ...envelopeOf(bus, busArn(bus)), target: fanOutArn(bus), payload: encodePayload(rest, text) });
        return;
      }
      budget.count -= 1;
      budget.bytes -= payload.length;
      sendToTarget(tx, bus, rule, target, payload, deps);
      served = [rule.name, target.id];
    }
  }
}

/** The event goes to one target, with the retries that it wants. */
export function sendToTarget(tx: Transaction, bus: BusName, rule: KnownRule, { id, row }: KnownTarget, payload: Uint8Array, { emitter }: PublishDeps): void {
  const { MaximumRetryAttempts: retries = retryAttemptsDefault, MaximumEventAgeInSeconds: ageSeconds = eventAgeSecondsDefault } = row.RetryPolicy ?? {};
  const groupId = row.SqsParameters?.MessageGroupId;
  emitter.emit(tx, {
    ...envelopeOf(bus, ruleArn(bus, rule.name)),
    target: placeArn({ ...bus, rule: rule.name, target: id }),
    payload,
    maximumAttempts: retries + 1,
    maximumAgeMs: ageSeconds * 1_000,
    // The messages of a group stay in the order of their commits.
    ...(groupId !== undefined && row.Arn.endsWith('.fifo') ? { orderingKey: groupId } : {}),
  });
}

function envelopeOf({ account, region }: BusName, sourceArn: string) {
  return { source: 'events', sourceArn, account, region, callingPrincipal: ownPrincipal };
}
