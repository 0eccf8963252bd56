// When a rotation comes next (user guide, "Schedule expressions in Secrets Manager rotation"). All times are UTC; the rotation window
// begins at the time that is computed here, and the rotation with it.
import { nextCron, parseCron } from '../../../base/scheduleExpression.ts';
import type { Cron } from '../../../base/scheduleExpression.ts';
import { invalidParameter } from '../errors.ts';
import { rotationDaysMax, rotationHoursMin } from '../limits.ts';
import type { RotationRules } from './types.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

type Schedule = { readonly kind: 'days'; readonly days: number } | { readonly kind: 'hours'; readonly hours: number } | { readonly kind: 'cron'; readonly cron: Cron };

/** The time of the first rotation after `afterMs`; undefined for rules without a schedule. Throws for rules that mean nothing. */
export function nextRotationMs(rules: RotationRules, afterMs: number): number | undefined {
  const schedule = readSchedule(rules);
  if (schedule === undefined) return undefined;
  if (schedule.kind === 'hours') return Math.floor(afterMs / hourMs) * hourMs + schedule.hours * hourMs;
  if (schedule.kind === 'days') return Math.floor(afterMs / dayMs) * dayMs + schedule.days * dayMs;
  return nextCron(schedule.cron, afterMs);
}

/** Checks what a request says about its schedule. */
export function requireRules(rules: RotationRules): void {
  if (rules.automaticallyAfterDays !== undefined && rules.scheduleExpression !== undefined) {
    throw invalidParameter('You can specify either AutomaticallyAfterDays or ScheduleExpression, but not both.');
  }
  const schedule = readSchedule(rules);
  if (rules.duration === undefined) return;
  const hours = Number(rules.duration.slice(0, -1));
  const hoursMax = schedule?.kind === 'hours' ? schedule.hours : 24;
  if (!/^\d+h$/.test(rules.duration) || hours < 1 || hours > hoursMax) throw invalidParameter('The Duration of the rotation window is not valid for the rotation schedule.');
}

function readSchedule({ automaticallyAfterDays, scheduleExpression: text }: RotationRules): Schedule | undefined {
  if (automaticallyAfterDays !== undefined) return { kind: 'days', days: automaticallyAfterDays };
  if (text === undefined) return undefined;
  const rate = /^rate\(\s*(\d{1,5})\s+(hours?|days?)\s*\)$/.exec(text);
  if (rate !== null) {
    const count = Number(rate[1]);
    const isHours = rate[2]?.startsWith('hour') === true;
    if (isHours ? count < rotationHoursMin || count > rotationDaysMax * 24 : count < 1 || count > rotationDaysMax) throw invalidExpression();
    return isHours ? { kind: 'hours', hours: count } : { kind: 'days', days: count };
  }
  const fields = /^cron\((.+)\)$/.exec(text)?.[1]?.trim().split(/\s+/);
  const cron = fields && parseCron(fields);
  // Rotations begin on the hour, in every year (user guide, "Schedule expressions").
  if (!/^0?0$/.test(fields?.[0] ?? '') || fields?.[5] !== '*' || cron === undefined || nextCron(cron, 0) === undefined) throw invalidExpression();
  return { kind: 'cron', cron };
}

const invalidExpression = () => invalidParameter('The ScheduleExpression is not valid. Use a rate of hours or days, for example rate(10 days), or cron(0 Hours Day-of-month Month Day-of-week *).');
