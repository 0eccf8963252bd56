import { parseArn } from '../../../base/arn.ts';
import { uuid } from '../../../base/ids.ts';
import { isTimeZone, parseExpression } from '../../../base/scheduleExpression.ts';
import type { AccessRequest, Call } from '../../../framework/context.ts';
import { isTargetArn } from '../../../framework/targetArn.ts';
import type { Transaction } from '../../../kv/store.ts';
import { defaultGroup, scheduleArn, type ScheduleName } from '../domain/names.ts';
import { isReadOnly, parseUniversalTarget } from '../domain/universalTarget.ts';
import { errors } from '../errors.ts';
import { clearSchedule, planSchedule } from '../firing.ts';
import { inputBytesMax, inputPartBytes, pageRows } from '../limits.ts';
import { makeToken, nowOf, operation, readToken, requireGroup, type SchedulerDeps, scopeOf } from '../operation.ts';
import { inputs, type ScheduleRow, schedules, type TargetRow } from '../store.ts';

type Given = import('@aws-sdk/client-scheduler').CreateScheduleCommandInput;

const nameOf = ({ Name = '', GroupName = defaultGroup }: { Name?: string | undefined; GroupName?: string | undefined }, call: Call): ScheduleName => ({ ...scopeOf(call), group: GroupName, name: Name });

function accessTo(action: string, input: { Name?: string | undefined; GroupName?: string | undefined; Target?: { RoleArn?: string | undefined } | undefined }, call: Call): AccessRequest[] {
  const own = { action: `scheduler:${action}`, resource: scheduleArn(nameOf(input, call)) };
  const role = input.Target?.RoleArn;
  return role === undefined ? [own] : [own, { action: 'iam:PassRole', resource: role, conditions: { 'iam:PassedToService': 'scheduler.amazonaws.com' } }];
}

const createSchedule = operation('CreateSchedule', {
  access: (input, call) => accessTo('CreateSchedule', input, call),
  async handle(input, call, deps) {
    const name = nameOf(input, call);
    await requireSettings(input, call, deps);
    const nowMs = nowOf(deps);
    const row = rowOf(input, { id: uuid(deps.random), createdAtMs: nowMs, modifiedAtMs: nowMs });
    await deps.store.transact(async (tx) => {
      const group = await requireGroup(tx, name, name.group);
      if (group.deleting) throw errors.groupDeleting(name.group);
      const old = await schedules.get(tx, name, [name.group, name.name]);
      // The same request again is answered as the first was.
      if (old && old.token !== undefined && old.token === input.ClientToken) return;
      if (old) throw errors.scheduleExists(name.name);
      await write(tx, name, row, input.Target?.Input, nowMs, deps);
    });
    return { ScheduleArn: scheduleArn(name) };
  },
});

const updateSchedule = operation('UpdateSchedule', {
  access: (input, call) => accessTo('UpdateSchedule', input, call),
  async handle(input, call, deps) {
    const name = nameOf(input, call);
    await requireSettings(input, call, deps);
    const nowMs = nowOf(deps);
    await deps.store.transact(async (tx) => {
      await requireGroup(tx, name, name.group);
      const old = await schedules.get(tx, name, [name.group, name.name]);
      if (!old) throw errors.scheduleMissing(name.name);
      inputs.clearAll(tx, name, [old.id]);
      // "UpdateSchedule uses all values, including empty values": what is not given is as if it had never been.
      await write(tx, name, rowOf(input, { id: old.id, createdAtMs: old.createdAtMs, modifiedAtMs: nowMs }), input.Target?.Input, nowMs, deps);
    });
    return { ScheduleArn: scheduleArn(name) };
  },
});

const getSchedule = operation('GetSchedule', {
  access: (input, call) => accessTo('GetSchedule', input, call),
  async handle(input, call, { store }) {
    const name = nameOf(input, call);
    return store.read(async (tx) => {
      await requireGroup(tx, name, name.group);
      const row = await schedules.get(tx, name, [name.group, name.name]);
      if (!row) throw errors.scheduleMissing(name.name);
      const parts = await Promise.all(Array.from({ length: row.inputParts ?? 0 }, (_, part) => inputs.get(tx, name, [row.id, part])));
      const text = row.inputParts === undefined ? undefined : Buffer.concat(parts.map((part) => part?.text ?? Buffer.alloc(0))).toString('utf8');
      return {
        ...summary(name, row),
        ScheduleExpression: row.expression,
        ScheduleExpressionTimezone: row.timeZone,
        ActionAfterCompletion: row.action,
        FlexibleTimeWindow: row.windowMinutes === undefined ? { Mode: 'OFF' as const } : { Mode: 'FLEXIBLE' as const, MaximumWindowInMinutes: row.windowMinutes },
        Target: { ...row.target, ...(text === undefined ? {} : { Input: text }) },
        ...(row.description === undefined ? {} : { Description: row.description }),
        ...(row.startMs === undefined ? {} : { StartDate: new Date(row.startMs) }),
        ...(row.endMs === undefined ? {} : { EndDate: new Date(row.endMs) }),
      };
    });
  },
});

const deleteSchedule = operation('DeleteSchedule', {
  access: (input, call) => accessTo('DeleteSchedule', input, call),
  async handle(input, call, deps) {
    const name = nameOf(input, call);
    await deps.store.transact(async (tx) => {
      await requireGroup(tx, name, name.group);
      const row = await schedules.get(tx, name, [name.group, name.name]);
      if (!row) throw errors.scheduleMissing(name.name);
      await clearSchedule(tx, name, row, deps);
    });
    return {};
  },
});

const listSchedules = operation('ListSchedules', {
  access: () => ({ action: 'scheduler:ListSchedules', resource: '*' }),
  async handle({ GroupName, NamePrefix = '', State, NextToken, MaxResults = 100 }, call, { store }) {
    const scope = scopeOf(call);
    const found: { readonly name: ScheduleName; readonly row: ScheduleRow }[] = [];
    const token = readToken(NextToken);
    await store.read(async (tx) => {
      if (GroupName !== undefined) await requireGroup(tx, scope, GroupName);
      let after = token;
      // Filters may leave out whole pages.
      for (let more = true; more && found.length <= MaxResults; ) {
        const page = await schedules.list(tx, scope, GroupName === undefined ? [] : [GroupName], { limit: pageRows, ...(after && { after }) });
        for (const { parts, row } of page) {
          const name = { ...scope, group: String(parts[0]), name: String(parts[1]) };
          if (name.name.startsWith(NamePrefix) && (State ?? row.state) === row.state) found.push({ name, row });
        }
        const last = page.at(-1);
        more = page.length === pageRows;
        after = last && [String(last.parts[0]), String(last.parts[1])];
      }
    });
    const page = found.slice(0, MaxResults);
    const last = page.at(-1)?.name;
    return {
      Schedules: page.map(({ name, row }) => ({ ...summary(name, row), Target: { Arn: row.target.Arn } })),
      ...(found.length > MaxResults && last ? { NextToken: makeToken([last.group, last.name]) } : {}),
    };
  },
});

export const scheduleOperations = {
  CreateSchedule: createSchedule,
  DeleteSchedule: deleteSchedule,
  GetSchedule: getSchedule,
  ListSchedules: listSchedules,
  UpdateSchedule: updateSchedule,
};

async function write(tx: Transaction, name: ScheduleName, row: ScheduleRow, input: string | undefined, nowMs: number, deps: SchedulerDeps): Promise<void> {
  const bytes = input === undefined ? undefined : Buffer.from(input);
  const parts = bytes && Math.ceil(bytes.length / inputPartBytes);
  const written: ScheduleRow = { ...row, ...(parts === undefined ? {} : { inputParts: parts }) };
  for (let part = 0; part < (parts ?? 0); part += 1) inputs.set(tx, name, [row.id, part], { text: bytes?.subarray(part * inputPartBytes, (part + 1) * inputPartBytes) ?? Buffer.alloc(0) });
  schedules.set(tx, name, [name.group, name.name], written);
  await planSchedule(tx, name, written, nowMs, deps);
}

function rowOf(input: Given, base: Pick<ScheduleRow, 'id' | 'createdAtMs' | 'modifiedAtMs'>): ScheduleRow {
  const { Input: _input, ...target } = input.Target ?? { Arn: '', RoleArn: '' };
  return {
    ...base,
    expression: input.ScheduleExpression ?? '',
    timeZone: input.ScheduleExpressionTimezone ?? 'UTC',
    state: input.State ?? 'ENABLED',
    action: input.ActionAfterCompletion ?? 'NONE',
    target: JSON.parse(JSON.stringify(target)) as TargetRow,
    ...(input.StartDate === undefined ? {} : { startMs: input.StartDate.getTime() }),
    ...(input.EndDate === undefined ? {} : { endMs: input.EndDate.getTime() }),
    ...(input.Description ? { description: input.Description } : {}),
    ...(input.FlexibleTimeWindow?.Mode === 'FLEXIBLE' && input.FlexibleTimeWindow.MaximumWindowInMinutes !== undefined ? { windowMinutes: input.FlexibleTimeWindow.MaximumWindowInMinutes } : {}),
    ...(input.ClientToken === undefined ? {} : { token: input.ClientToken }),
  };
}

async function requireSettings(input: Given, call: Call, deps: SchedulerDeps): Promise<void> {
  const { ScheduleExpression: expression = '', ScheduleExpressionTimezone: zone, StartDate, EndDate, FlexibleTimeWindow: window, Target: target } = input;
  if (input.KmsKeyArn !== undefined) throw errors.unsupported('Encryption of a schedule with a key of your own (KmsKeyArn)');
  if (!parseExpression(expression)) throw errors.invalidExpression(expression);
  if (zone !== undefined && !isTimeZone(zone)) throw errors.validation(`The time zone ${zone} is not valid.`);
  if (StartDate && EndDate && StartDate >= EndDate) throw errors.validation('The StartDate must come before the EndDate.');
  if (window?.Mode === 'FLEXIBLE' && window.MaximumWindowInMinutes === undefined) throw errors.validation('MaximumWindowInMinutes must be provided when FlexibleTimeWindow Mode is FLEXIBLE.');
  if (window?.Mode === 'OFF' && window.MaximumWindowInMinutes !== undefined) throw errors.validation('MaximumWindowInMinutes must not be provided when FlexibleTimeWindow Mode is OFF.');
  await requireTarget(target, call, deps);
}

const refusedParameters = ['EcsParameters', 'KinesisParameters', 'SageMakerPipelineParameters', 'EventBridgePutEventsV2Parameters', 'EventBridgePutRawEventsParameters'] as const;

async function requireTarget(target: Given['Target'], call: Call, { directory, roles, api }: SchedulerDeps): Promise<void> {
  const { Arn: arn = '', RoleArn: roleArn = '', Input: input } = target ?? { Arn: '', RoleArn: '' };
  const parsed = parseArn(arn);
  if (!parsed) throw errors.validation(`Provided Arn is not in correct format: ${arn}.`);
  for (const name of refusedParameters) if (target?.[name] !== undefined) throw errors.validation(`The parameter ${name} is not supported for the target ${arn}.`);
  const universal = parseUniversalTarget(arn);
  if (universal) {
    if (isReadOnly(universal)) throw errors.validation(`The action ${universal.action} is read-only and not supported as a universal target.`);
    if (!api.has(universal)) throw errors.validation(`${arn} is not supported by Haneul: there is no such operation here.`);
    requireObject(input, 'a universal');
  } else if (!isTargetArn(arn) || !directory.for(arn)) throw errors.validation(`Haneul does not deliver schedules to ${parsed.service} targets of this kind.`);
  if (parsed.service === 'events' && !target?.EventBridgeParameters) throw errors.validation('EventBridgeParameters must be provided for an event bus target.');
  if (parsed.service !== 'events' && target?.EventBridgeParameters) throw errors.validation(`The parameter EventBridgeParameters is not supported for the target ${arn}.`);
  if (parsed.service === 'events') requireObject(input, 'an event bus');
  if (parsed.service === 'sqs' && arn.endsWith('.fifo') && target?.SqsParameters?.MessageGroupId === undefined) throw errors.validation('SqsParameters must be provided for a FIFO queue target.');
  if (input !== undefined && Buffer.byteLength(input) > inputBytesMax) throw errors.validation(`The Input must not be longer than ${inputBytesMax} bytes.`);
  const role = await roles.findRole(roleArn);
  if (role && !roles.trustsService(role, 'scheduler.amazonaws.com')) throw errors.validation('The execution role you provide must allow AWS EventBridge Scheduler to assume the role.');
  const dead = parseArn(target?.DeadLetterConfig?.Arn ?? '');
  if (dead && (dead.region !== call.region || dead.resource.endsWith('.fifo'))) throw errors.validation('The dead-letter queue must be a standard queue in the Region of the schedule.');
}

function requireObject(input: string | undefined, kind: string): void {
  try {
    const value: unknown = JSON.parse(input ?? '{}');
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return;
  } catch {
    // Said below.
  }
  throw errors.validation(`The Input of ${kind} target must be a JSON object.`);
}

function summary(name: ScheduleName, row: ScheduleRow) {
  return { Arn: scheduleArn(name), Name: name.name, GroupName: name.group, State: row.state, CreationDate: new Date(row.createdAtMs), LastModificationDate: new Date(row.modifiedAtMs) };
}
