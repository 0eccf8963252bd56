// What EventBridge tells CloudWatch of rules. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html

import type { Clock } from '../../base/clock.ts';
import type { MetricRecorder } from '../../ports/metrics.ts';
import { type BusName, defaultBus } from './domain/names.ts';

export interface RuleMetrics {
  /** An event has met these rules. */
  matched(bus: BusName, rules: readonly string[]): void;
  /** A target has taken an event, after so many attempts that failed. */
  invoked(bus: BusName, rule: string, failedAttempts: number): void;
  /** An event did not reach a target, and never will. */
  failed(bus: BusName, rule: string, sentToDeadLetterQueue: boolean): void;
}

export function createRuleMetrics(recorder: MetricRecorder, clock: Clock): RuleMetrics {
  function count({ account, region, bus }: BusName, name: string, rule: string | undefined, value: number): void {
    // "For rules on the default bus RuleName; for others EventBusName as well."
    const dimensions = { ...(bus === defaultBus ? {} : { EventBusName: bus }), ...(rule === undefined ? {} : { RuleName: rule }) };
    recorder.record({ account, region, namespace: 'AWS/Events', name, dimensions, unit: 'Count', value, at: clock.now() });
  }
  return {
    matched(bus, rules) {
      count(bus, 'MatchedEvents', undefined, 1);
      for (const rule of rules) count(bus, 'TriggeredRules', rule, 1);
    },
    invoked(bus, rule, failedAttempts) {
      count(bus, 'Invocations', rule, 1);
      if (failedAttempts > 0) count(bus, 'RetryInvocationAttempts', rule, failedAttempts);
    },
    failed(bus, rule, sentToDeadLetterQueue) {
      count(bus, 'FailedInvocations', rule, 1);
      if (sentToDeadLetterQueue) count(bus, 'InvocationsSentToDlq', rule, 1);
    },
  };
}
