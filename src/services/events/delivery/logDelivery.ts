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
}

/** Undefined for what is no log group's ARN. */
export function parseLogGroupArn(arn: string): (Scope & { readonly logGroupName: string }) | undefined {
  const parsed = parseArn(arn);
  const name = parsed?.service === 'logs' ? /^log-group:([^:*]{1,512})(?::\*)?$/.exec(parsed.resource)?.[1] : undefined;
  return parsed && name !== undefined ? { account: parsed.account, region: parsed.region, logGroupName: name } : undefined;
}

// DEVIATION: the resource policies of CloudWatch Logs are not asked.
export async function writeLog({ target, eventText }: Errand, input: string, { logs, clock }: TargetDeps): Promise<DeliveryResult> {
  const group = parseLogGroupArn(target.row.Arn);
  if (!group || !(await logs.exists(group, group.logGroupName))) return refuse('NO_RESOURCE', 'The specified log group does not exist.');
  if (Buffer.byteLength(input) + 26 > logEventBytesMax) return refuse('SDK_CLIENT_ERROR', 'The event is too long for CloudWatch Logs.');
  const { id } = JSON.parse(eventText) as { readonly id?: string };
  // One stream for each first digit of ids: the service spreads them over streams with names of its own.
  logs.sink.append({ ...group, logStreamName: `events-${String(id ?? '').slice(0, 1) || '0'}` }, [{ timestampMs: Math.floor(clock.now()), message: input }]);
  await logs.sink.flush();
  return { kind: 'delivered' };
}
