import { parseArn } from '../../../base/arn.ts';
import type { Scope } from '../../../kv/table.ts';
import type { DeliveryResult } from '../../../ports/outbox.ts';
import type { LogSink } from '../../../ports/logSink.ts';
import { logEventBytesMax } from '../limits.ts';
import type { Errand, TargetDeps } from './createTarget.ts';
import { refuse } from './outcome.ts';

export interface LogGroups {
  readonly sink: LogSink;
  exists(scope: Scope, logGroupName: string): Promise<boolean>;
  /** Whether the account's resource policies let a service write to a group. */
  mayWrite(question: LogWriteQuestion): Promise<boolean>;
}

export interface LogWriteQuestion {
  readonly scope: Scope;
  readonly logGroupName: string;
  readonly logStreamName: string;
  /** Any of these principals will do. */
  readonly services: readonly string[];
  readonly sourceArn: string;
  readonly sourceAccount: string;
}

/** Undefined for what is no log group's ARN. */
export function parseLogGroupArn(arn: string): (Scope & { readonly logGroupName: string }) | undefined {
  const parsed = parseArn(arn);
  const name = parsed?.service === 'logs' ? /^log-group:([^:*]{1,512})(?::\*)?$/.exec(parsed.resource)?.[1] : undefined;
  return parsed && name !== undefined ? { account: parsed.account, region: parsed.region, logGroupName: name } : undefined;
}

// The policy that the console makes names both (user guide, "Permissions for Amazon CloudWatch Logs").
const services = ['events.amazonaws.com', 'delivery.logs.amazonaws.com'];

export async function writeLog({ target, eventText, ruleArn }: Errand, input: string, { logs, clock }: TargetDeps): Promise<DeliveryResult> {
  const group = parseLogGroupArn(target.row.Arn);
  if (!group || !(await logs.exists(group, group.logGroupName))) return refuse('NO_RESOURCE', 'The specified log group does not exist.');
  if (Buffer.byteLength(input) + 26 > logEventBytesMax) return refuse('SDK_CLIENT_ERROR', 'The event is too long for CloudWatch Logs.');
  const { id } = JSON.parse(eventText) as { readonly id?: string };
  // One stream for each first digit of ids: the service spreads them over streams with names of its own.
  const logStreamName = `events-${String(id ?? '').slice(0, 1) || '0'}`;
  const { logGroupName, ...scope } = group;
  const allowed = await logs.mayWrite({ scope, logGroupName, logStreamName, services, sourceArn: ruleArn, sourceAccount: ruleArn.split(':')[4] ?? '' });
  if (!allowed) return refuse('NO_PERMISSIONS', 'No resource policy of CloudWatch Logs lets EventBridge write to the log group.');
  logs.sink.append({ ...group, logStreamName }, [{ timestampMs: Math.floor(clock.now()), message: input }]);
  await logs.sink.flush();
  return { kind: 'delivered' };
}
