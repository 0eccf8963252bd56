// The permission of operations on alarms.
import type { AccessRequest, Call } from '../../framework/context.ts';
import { alarmArn } from './alarms/alarmStore.ts';
import { scopeOf } from './operation.ts';

/** On alarms by name; on all where none is named. */
export function accessToAlarms(action: string, names: readonly string[], call: Call): AccessRequest[] {
  const resources = names.length === 0 ? [alarmArn(scopeOf(call), '*')] : names.map((name) => alarmArn(scopeOf(call), name));
  return resources.map((resource) => ({ action: `cloudwatch:${action}`, resource }));
}
