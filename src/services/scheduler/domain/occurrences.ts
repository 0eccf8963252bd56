// When a schedule is due (user guide, "Schedule types").

import { momentInZone, nextCron, parseSchedule, type Schedule } from '../../../base/scheduleExpression.ts';

export type Expression = Schedule | { readonly kind: 'at'; /** What clocks in the zone show, as if it were UTC. */ readonly wallMs: number };

/** Undefined for what is no schedule expression. */
export function parseExpression(text: string): Expression | undefined {
  const at = /^at\((\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})\)$/.exec(text);
  if (!at) return parseSchedule(text);
  const written = `${at[1]}-${at[2]}-${at[3]}T${at[4]}:${at[5]}:${at[6]}`;
  const wallMs = Date.parse(`${written}Z`);
  // The 31st of April is no day.
  return Number.isFinite(wallMs) && new Date(wallMs).toISOString().startsWith(written) ? { kind: 'at', wallMs } : undefined;
}

export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

export interface Recurrence {
  readonly expression: string;
  readonly timeZone: string;
  readonly startMs?: number | undefined;
  readonly endMs?: number | undefined;
  /** A rate without a start date is counted from then. */
  readonly createdAtMs: number;
}

/** The first moment after `afterMs` at which a schedule is due; undefined when it has had its last. */
export function nextOccurrence({ expression, timeZone, startMs, endMs, createdAtMs }: Recurrence, afterMs: number): number | undefined {
  const parsed = parseExpression(expression);
  if (!parsed) return undefined;
  if (parsed.kind === 'at') {
    // Start and end dates are ignored for one-time schedules (API reference, CreateSchedule).
    const moment = momentInZone(parsed.wallMs, timeZone);
    return moment > afterMs ? moment : undefined;
  }
  // "Invocations might occur on, or after, the StartDate."
  const behind = startMs === undefined ? afterMs : Math.max(afterMs, startMs - 1);
  const moment = parsed.kind === 'cron' ? nextCron(parsed.cron, behind, timeZone) : nextOfRate(parsed.everyMs, startMs, createdAtMs, behind);
  return moment !== undefined && (endMs === undefined || moment <= endMs) ? moment : undefined;
}

function nextOfRate(everyMs: number, startMs: number | undefined, createdAtMs: number, behindMs: number): number {
  const base = startMs ?? createdAtMs;
  if (startMs !== undefined && base > behindMs) return base;
  return base + (Math.floor(Math.max(0, behindMs - base) / everyMs) + 1) * everyMs;
}
