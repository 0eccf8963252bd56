import type { Call } from '../../../framework/context.ts';
import { clearAlarm, findAlarm, parentsOf, setAlarm } from '../alarms/alarmStore.ts';
import { forgetLook } from '../alarms/evaluation.ts';
import { changeState } from '../alarms/transition.ts';
import { errors } from '../errors.ts';
import { reasonCharactersMax } from '../limits.ts';
import { operation, scopeOf } from '../operation.ts';
import type { CloudWatchDeps } from '../operation.ts';
import { accessToAlarms } from '../alarmAccess.ts';

const deleteAlarms = operation('DeleteAlarms', {
  access: ({ AlarmNames = [] }, call) => accessToAlarms('DeleteAlarms', AlarmNames, call),
  async handle({ AlarmNames = [] }, call, { store, timers }) {
    const scope = scopeOf(call);
    if (new Set(AlarmNames).size !== AlarmNames.length) throw errors.validation('AlarmNames must not contain the same name twice.');
    await store.transact(async (tx) => {
      for (const name of AlarmNames) {
        const row = await findAlarm(tx, scope, name);
        if (row === undefined) throw errors.notFound(`Alarm ${name} does not exist.`);
        const users = (await parentsOf(tx, scope, name)).filter((parent) => !AlarmNames.includes(parent));
        if (users.length > 0) throw errors.validation(`Cannot delete ${name} as there are composite alarm(s) depending on it.`);
      }
      for (const name of AlarmNames) {
        const row = await findAlarm(tx, scope, name);
        if (row === undefined) continue;
        clearAlarm(tx, scope, row);
        if (row.kind === 'metric') await forgetLook(tx, scope, name, timers);
      }
    });
    return {};
  },
});

const setAlarmState = operation('SetAlarmState', {
  access: ({ AlarmName = '' }, call) => accessToAlarms('SetAlarmState', [AlarmName], call),
  async handle(input, call, deps) {
    const { AlarmName: name = '', StateValue: value = 'OK', StateReason: reason = '', StateReasonData: reasonData } = input;
    if (reason.length > reasonCharactersMax) throw errors.validation(`StateReason may have ${reasonCharactersMax} characters.`);
    if (reasonData !== undefined && !isJson(reasonData)) throw errors.invalidFormat('StateReasonData was not valid JSON');
    const scope = scopeOf(call);
    await deps.store.transact(async (tx) => {
      const row = await findAlarm(tx, scope, name);
      if (row === undefined) throw errors.notFound();
      // The next evaluation sets it right again, as on AWS.
      await changeState(tx, scope, row, { value, reason, reasonData }, call.nowMs, deps);
    });
    return {};
  },
});

async function setActionsEnabled(names: readonly string[], actionsEnabled: boolean, call: Call, { store }: CloudWatchDeps): Promise<object> {
  const scope = scopeOf(call);
  await store.transact(async (tx) => {
    for (const name of names) {
      const row = await findAlarm(tx, scope, name);
      // Names without an alarm are passed over: the API reference lists no error.
      if (row !== undefined) setAlarm(tx, scope, { ...row, actionsEnabled, configuredMs: call.nowMs }, row);
    }
  });
  return {};
}

const enableAlarmActions = operation('EnableAlarmActions', {
  access: ({ AlarmNames = [] }, call) => accessToAlarms('EnableAlarmActions', AlarmNames, call),
  handle: ({ AlarmNames = [] }, call, deps) => setActionsEnabled(AlarmNames, true, call, deps),
});

const disableAlarmActions = operation('DisableAlarmActions', {
  access: ({ AlarmNames = [] }, call) => accessToAlarms('DisableAlarmActions', AlarmNames, call),
  handle: ({ AlarmNames = [] }, call, deps) => setActionsEnabled(AlarmNames, false, call, deps),
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** DeleteAlarms, SetAlarmState, EnableAlarmActions and DisableAlarmActions. */
export const alarmChangeOperations = { DeleteAlarms: deleteAlarms, SetAlarmState: setAlarmState, EnableAlarmActions: enableAlarmActions, DisableAlarmActions: disableAlarmActions };
