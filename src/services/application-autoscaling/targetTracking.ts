// Target tracking: what the last minutes of a metric mean for the capacity.
// https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html
import { minutesToScaleIn, minutesToScaleOut, scaleInPart } from './limits.ts';
import type { PolicyRow, TargetRow } from './store.ts';

export interface Observation {
  /** Of the minute that is over; null when there is no value. */
  readonly sample: number | null;
  readonly current: number;
  readonly target: Pick<TargetRow, 'min' | 'max' | 'suspended'>;
  readonly nowMs: number;
}

export interface Decision {
  /** With what is remembered until the next minute. */
  readonly policy: PolicyRow;
  /** Undefined when it stays as it is. */
  readonly capacity?: number;
  readonly alarm?: 'AlarmHigh' | 'AlarmLow';
}

/** Looks at one more minute. What scales begins to count anew. */
export function decide(policy: PolicyRow, { sample, current, target, nowMs }: Observation): Decision {
  const samples = [...policy.samples, sample].slice(-minutesToScaleIn);
  const next = { ...policy, samples };
  const { targetValue } = policy;
  // Without a value there is nothing to go by: idle functions have none, and keep what they have, as on AWS.
  const high = samples.slice(-minutesToScaleOut);
  if (high.length === minutesToScaleOut && high.every((value) => value !== null && value > targetValue)) {
    const wanted = Math.min(target.max, Math.ceil((current * (sample ?? 0)) / targetValue));
    if (target.suspended.scaleOut || wanted <= current || nowMs - policy.scaledOutAtMs < policy.scaleOutCooldownMs) return { policy: next };
    return { policy: { ...next, samples: [], scaledOutAtMs: nowMs }, capacity: wanted, alarm: 'AlarmHigh' };
  }
  if (samples.length === minutesToScaleIn && samples.every((value) => value !== null && value < targetValue * scaleInPart)) {
    const wanted = Math.max(target.min, Math.ceil((current * (sample ?? 0)) / targetValue));
    const cooling = nowMs - Math.max(policy.scaledInAtMs, policy.scaledOutAtMs) < policy.scaleInCooldownMs;
    if (!policy.scalesIn || target.suspended.scaleIn || wanted >= current || cooling) return { policy: next };
    return { policy: { ...next, samples: [], scaledInAtMs: nowMs }, capacity: wanted, alarm: 'AlarmLow' };
  }
  return { policy: next };
}
