// What an alarm calls when it becomes another state: topics and functions, through the outbox, so that a call is never lost.
import { parseArn } from '../../../base/arn.ts';
import type { Transaction } from '../../../kv/store.ts';
import type { Scope } from '../../../kv/table.ts';
import { encodeTopicMessage } from '../../../ports/topicMessage.ts';
import { errors } from '../errors.ts';
import { alarmActionsMax } from '../limits.ts';
import { addHistory, alarmArn } from './alarmStore.ts';
import type { AlarmRow, AlarmState } from './alarmStore.ts';
import { functionEvent, topicSubject, topicText } from './events.ts';
import type { TransitionDeps } from './transition.ts';

/** In whose name: what the policies of topics and functions name (user guide, "Alarm actions"). */
const principals: Readonly<Record<string, string>> = { sns: 'cloudwatch.amazonaws.com', lambda: 'lambda.alarms.cloudwatch.amazonaws.com' };

/** Checks the ARNs of one list of actions. */
export function requireActions(given: readonly string[] | undefined, member: string): readonly string[] {
  const arns = given ?? [];
  if (arns.length > alarmActionsMax) throw errors.validation(`1 validation error detected: Value at '${member}' failed to satisfy constraint: Member must have length less than or equal to ${alarmActionsMax}`);
  if (new Set(arns).size !== arns.length) throw errors.validation(`${member} must not contain duplicate actions.`);
  for (const arn of arns) {
    const service = parseArn(arn)?.service;
    if (service === undefined) throw errors.validation(`Invalid arn syntax: ${arn}`);
    if (principals[service] === undefined) throw errors.notSupported(`alarm actions of the service ${service}`);
  }
  return arns;
}

/** Calls the actions of the state that an alarm has now. */
export async function callActions(tx: Transaction, scope: Scope, row: AlarmRow, previous: AlarmState, nowMs: number, { emitter, random }: Pick<TransitionDeps, 'emitter' | 'random'>): Promise<void> {
  if (!row.actionsEnabled) return;
  for (const target of row.actions[row.state.value]) {
    const service = parseArn(target)?.service ?? '';
    const payload =
      service === 'sns'
        ? encodeTopicMessage({ message: topicText(scope, row, previous), subject: topicSubject(scope, row) })
        : Buffer.from(JSON.stringify(functionEvent(scope, row, previous)));
    emitter.emit(tx, { ...scope, source: 'cloudwatch', sourceArn: alarmArn(scope, row.name), target, callingPrincipal: principals[service] ?? '', payload });
    const data = { actionState: 'Succeeded', notificationResource: target, stateUpdateTimestamp: row.state.updatedMs };
    await addHistory(tx, scope, { name: row.name, kind: row.kind, atMs: nowMs, type: 'Action', summary: `Successfully executed action ${target}`, data: JSON.stringify(data) }, random);
  }
}
