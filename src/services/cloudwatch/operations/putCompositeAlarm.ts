import { parseAlarmRule } from '../alarms/alarmRule.ts';
import { alarmArn, findAlarm } from '../alarms/alarmStore.ts';
import { actionsOf, saveAlarm, tagsOf } from '../alarms/saveAlarm.ts';
import { judgeComposite, longTime } from '../alarms/transition.ts';
import { errors } from '../errors.ts';
import { childrenMax } from '../limits.ts';
import { operation, scopeOf } from '../operation.ts';
import { accessToAlarms } from '../alarmAccess.ts';

const unimplemented = ['ActionsSuppressor', 'ActionsSuppressorWaitPeriod', 'ActionsSuppressorExtensionPeriod', 'ActionConfiguration'] as const;

/** An alarm on other alarms. */
export const putCompositeAlarm = operation('PutCompositeAlarm', {
  access: ({ AlarmName = '', AlarmActions = [] }, call) => accessToAlarms('PutCompositeAlarm', [AlarmName], call).map((asked) => ({ ...asked, conditions: { 'cloudwatch:AlarmActions': AlarmActions } })),
  async handle(input, call, deps) {
    const scope = scopeOf(call);
    for (const member of unimplemented) if (input[member] !== undefined) throw errors.notSupported(`${member} of alarms`);
    const name = input.AlarmName ?? '';
    const { children } = parseAlarmRule(input.AlarmRule ?? '');
    if (children.length > childrenMax) throw errors.validation(`AlarmRule may name ${childrenMax} alarms.`);
    if (children.includes(name)) throw errors.validation(`The alarm ${name} cannot depend on itself.`);
    await deps.store.transact(async (tx) => {
      for (const child of children) if ((await findAlarm(tx, scope, child)) === undefined) throw errors.validation(`Alarm rule references an alarm that does not exist: ${child}`);
      const old = await findAlarm(tx, scope, name);
      if (old?.kind === 'metric') throw errors.validation(`The alarm ${name} is a metric alarm.`);
      const common = {
        name,
        ...(input.AlarmDescription === undefined ? {} : { description: input.AlarmDescription }),
        actionsEnabled: input.ActionsEnabled ?? true,
        actions: actionsOf(input),
        tags: old?.tags ?? tagsOf(input.Tags),
      };
      await saveAlarm(tx, scope, { kind: 'composite', ...common, rule: input.AlarmRule ?? '', children }, old, call.nowMs, deps);
      await judgeComposite(tx, scope, name, `${alarmArn(scope, name)} was ${old === undefined ? 'created' : 'updated'} and its alarm rule evaluates to a new state at ${longTime(call.nowMs)}`, call.nowMs, deps);
    });
    return {};
  },
});
