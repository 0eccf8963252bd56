// Rules with a schedule: one timer for each, so that those which wait cost nothing.

import { uuid } from '../../../base/ids.ts';
import { nextCron, parseSchedule } from '../../../base/scheduleExpression.ts';
import type { Transaction } from '../../../kv/store.ts';
import { encodePayload, startOfTrail } from '../domain/delivery.ts';
import { eventTime, type EventRecord } from '../domain/eventRecord.ts';
import { type BusName, defaultBus, ruleArn } from '../domain/names.ts';
import { catchUpMsMax } from '../limits.ts';
import { type EventsDeps, nowOf } from '../operation.ts';
import { sendToTarget } from '../publish.ts';
import { rules, type RuleRow } from '../store.ts';

const timerOf = ({ account, region }: BusName, rule: string) => ({ service: 'events', id: `rule/${account}/${region}/${rule}` });

/** Sets, moves or takes away the timer of a rule as it is now. */
export async function setSchedule(tx: Transaction, bus: BusName, rule: string, row: RuleRow, afterMs: number, { timers }: EventsDeps): Promise<void> {
  const dueMs = row.state === 'DISABLED' ? undefined : nextOccurrence(row, afterMs);
  if (dueMs === undefined) await timers.clear(tx, timerOf(bus, rule));
  else await timers.set(tx, { ...timerOf(bus, rule), dueMs });
}

export async function clearSchedule(tx: Transaction, bus: BusName, rule: string, { timers }: EventsDeps): Promise<void> {
  await timers.clear(tx, timerOf(bus, rule));
}

/** The first moment after `afterMs` at which a rule is due; undefined when there is none. */
export function nextOccurrence({ schedule, scheduledFromMs = 0 }: RuleRow, afterMs: number): number | undefined {
  const parsed = schedule === undefined ? undefined : parseSchedule(schedule);
  if (!parsed) return undefined;
  if (parsed.kind === 'cron') return nextCron(parsed.cron, afterMs);
  return scheduledFromMs + (Math.floor(Math.max(0, afterMs - scheduledFromMs) / parsed.everyMs) + 1) * parsed.everyMs;
}

/** A timer's step: the rule's targets get their event, and the timer its next time. */
export async function fireRule(tx: Transaction, place: { account: string; region: string; rule: string }, dueMs: number, deps: EventsDeps): Promise<void> {
  const bus: BusName = { account: place.account, region: place.region, bus: defaultBus };
  const row = await rules.get(tx, bus, [bus.bus, place.rule]);
  if (!row || row.state === 'DISABLED' || row.schedule === undefined) return;
  const nowMs = nowOf(deps);
  if (dueMs > nowMs - catchUpMsMax) await emitOccurrence(tx, bus, place.rule, dueMs, deps);
  await setSchedule(tx, bus, place.rule, row, Math.max(dueMs, nowMs - catchUpMsMax), deps);
}

async function emitOccurrence(tx: Transaction, bus: BusName, rule: string, dueMs: number, deps: EventsDeps): Promise<void> {
  const known = (await deps.rulesets.read(tx, bus)).byName.get(rule);
  if (!known) return;
  // User guide, "Creating a rule that runs on a schedule": what its targets get.
  const record: EventRecord = {
    version: '0',
    id: uuid(deps.random),
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account: bus.account,
    time: eventTime(dueMs),
    region: bus.region,
    resources: [ruleArn(bus, rule)],
    detail: {},
  };
  const payload = encodePayload({ trail: startOfTrail, ingestedAtMs: dueMs }, JSON.stringify(record));
  for (const target of known.targets) sendToTarget(tx, bus, known, target, payload, deps);
}
