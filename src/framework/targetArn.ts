import { parseArn } from '../base/arn.ts';

// The outbox also delivers a service's own work (replication, rotation, the next page of a fan-out) by ARNs that only that service makes.
const shapes: Readonly<Record<string, RegExp>> = {
  events: /^event-bus\/[/._\-A-Za-z0-9]+$/,
  firehose: /^deliverystream\/[^/:]+$/,
  kinesis: /^stream\/[^/:]+$/,
  lambda: /^function:[^:]+(:[^:]+)?$/,
  sns: /^[^:]+$/,
  sqs: /^[^:]+$/,
  states: /^(stateMachine|express):.+$/,
};

/** Whether an ARN is of a kind that users may name as the target of rules and schedules: never one of a service's own work. */
export function isTargetArn(arn: string): boolean {
  const parsed = parseArn(arn);
  return parsed !== undefined && shapes[parsed.service]?.test(parsed.resource) === true;
}
