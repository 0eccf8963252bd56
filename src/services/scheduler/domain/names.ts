import { formatArn, parseArn } from '../../../base/arn.ts';
import type { Scope } from '../../../kv/table.ts';

export const defaultGroup = 'default';

/** A schedule, wherever it is. */
export interface ScheduleName extends Scope {
  readonly group: string;
  readonly name: string;
}

export const scheduleArn = ({ account, region, group, name }: ScheduleName): string => formatArn({ service: 'scheduler', account, region, resource: `schedule/${group}/${name}` });
export const groupArn = ({ account, region }: Scope, group: string): string => formatArn({ service: 'scheduler', account, region, resource: `schedule-group/${group}` });

/** What one occurrence of a schedule is delivered to, in the outbox. */
export const deliveryArn = ({ account, region, group, name }: ScheduleName): string => formatArn({ service: 'scheduler', account, region, resource: `delivery/${group}/${name}` });

/** Undefined for what {@link deliveryArn} has not made. */
export function parseDeliveryArn(arn: string): ScheduleName | undefined {
  const parsed = parseArn(arn);
  const [kind, group, name] = parsed?.service === 'scheduler' ? parsed.resource.split('/') : [];
  return parsed && kind === 'delivery' && group !== undefined && name !== undefined ? { account: parsed.account, region: parsed.region, group, name } : undefined;
}

/** Undefined for what is no group's ARN. */
export function parseGroupArn(arn: string): (Scope & { readonly group: string }) | undefined {
  const parsed = parseArn(arn);
  const [kind, group, more] = parsed?.service === 'scheduler' ? parsed.resource.split('/') : [];
  return parsed && kind === 'schedule-group' && group !== undefined && more === undefined ? { account: parsed.account, region: parsed.region, group } : undefined;
}
