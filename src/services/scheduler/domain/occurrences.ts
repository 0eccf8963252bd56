// When a schedule is due (user guide, "Schedule types").

import { nextMoment, parseExpression } from '../../../base/scheduleExpression.ts';

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
  // Start and end dates are ignored for one-time schedules (API reference, CreateSchedule).
  if (parsed.kind === 'at') return nextMoment(parsed, { afterMs, startMs: 0, timeZone });
  // "Invocations might occur on, or after, the StartDate."
  const behind = startMs === undefined ? afterMs : Math.max(afterMs, startMs - 1);
  const moment = nextMoment(parsed, { afterMs: behind, startMs: startMs ?? createdAtMs, timeZone });
  return moment !== undefined && (endMs === undefined || moment <= endMs) ? moment : undefined;
}
