// What pipes can lead to, by the ARN. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-event-target.html

import { parseArn } from '../../../base/arn.ts';
import { isTargetArn } from '../../../framework/targetArn.ts';
import type { PipeTargetParameters } from '@aws-sdk/client-pipes';
import type { Scope } from '../../../kv/table.ts';

export type TargetKind = 'lambda' | 'sqs' | 'sns' | 'events' | 'logs' | 'api';

/** The member of TargetParameters that is for one kind. */
export const parametersOf: Readonly<Record<TargetKind, keyof PipeTargetParameters | undefined>> = {
  lambda: 'LambdaFunctionParameters',
  sqs: 'SqsQueueParameters',
  sns: undefined,
  events: 'EventBridgeEventBusParameters',
  logs: 'CloudWatchLogsParameters',
  api: 'HttpParameters',
};

/** Undefined for what pipes do not lead to here: other services, and what services deliver to themselves. */
export function targetKindOf(arn: string): TargetKind | undefined {
  const { service, resource = '' } = parseArn(arn) ?? {};
  if (service === 'logs') return parseLogGroupArn(arn) ? 'logs' : undefined;
  if (service === 'events' && /^api-destination\/[.\-_A-Za-z0-9]{1,64}\/[0-9a-f-]{36}$/.test(resource)) return 'api';
  if (!isTargetArn(arn)) return undefined;
  return service === 'lambda' || service === 'sqs' || service === 'sns' || service === 'events' ? service : undefined;
}

/** Undefined for what is no log group's ARN. */
export function parseLogGroupArn(arn: string): (Scope & { readonly logGroupName: string }) | undefined {
  const parsed = parseArn(arn);
  const name = parsed?.service === 'logs' ? /^log-group:([^:*]{1,512})(?::\*)?$/.exec(parsed.resource)?.[1] : undefined;
  return parsed && name !== undefined ? { account: parsed.account, region: parsed.region, logGroupName: name } : undefined;
}
