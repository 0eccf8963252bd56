import { parseSchedule } from '../../../base/scheduleExpression.ts';
import { patternProblem } from '../../../pattern/patternProblem.ts';
import { busNameOf, defaultBus, ruleArn } from '../domain/names.ts';
import { errors } from '../errors.ts';
import { patternCharactersMax, rulesPerBusMax, tagsMax } from '../limits.ts';
import { clearSchedule, setSchedule } from '../jobs/schedules.ts';
import { type EventsDeps, makeToken, nowOf, operation, passRole, readTags, readToken, requireBus, requireRule, ruleAccess, scopeOf } from '../operation.ts';
import { moveEpoch, rules, type RuleRow, listRulesOf, type RuleState } from '../store.ts';
import type { BusName } from '../domain/names.ts';
import type { AccessRequest } from '../../../framework/context.ts';

const putRule = operation('PutRule', {
  async access(input, call, deps) {
    const rule = await ruleAccess('PutRule', input.Name, input.EventBusName, call, deps, patternConditions(input.EventPattern));
    return [rule, ...(input.Tags?.length ? [{ ...rule, action: 'events:TagResource' }] : []), ...passRole([input.RoleArn])];
  },
  async handle(input, call, deps) {
    const { Name: name = '', EventPattern: pattern, ScheduleExpression: schedule, State, Description: description, RoleArn: roleArn } = input;
    const bus = busNameOf(input.EventBusName, scopeOf(call));
    if (!pattern && !schedule) throw errors.validation('Parameter(s) EventPattern or ScheduleExpression must be specified.');
    if (schedule && bus.bus !== defaultBus) throw errors.validation('ScheduleExpression is supported only on the default event bus.');
    if (schedule && !parseSchedule(schedule)) throw errors.validation('Parameter ScheduleExpression is not valid.');
    if (pattern) requirePattern(pattern, name);
    if (State === 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS') throw errors.unsupported('The state ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS');
    const given = readTags(input.Tags);
    if (Object.keys(given).length > tagsMax) throw errors.limit();
    const nowMs = nowOf(deps);
    await deps.store.transact(async (tx) => {
      await requireBus(tx, bus);
      const old = await rules.get(tx, bus, [bus.bus, name]);
      if (old?.managedBy !== undefined) throw errors.managedRule(name);
      const row: RuleRow = {
        createdAtMs: old?.createdAtMs ?? nowMs,
        createdBy: old?.createdBy ?? call.account,
        ...(pattern ? { pattern } : {}),
        ...(schedule ? { schedule, scheduledFromMs: nowMs } : {}),
        state: (State ?? 'ENABLED') as RuleState,
        ...(description ? { description } : {}),
        ...(roleArn ? { roleArn } : {}),
        // "Tags … when you update a rule are ignored" (API reference, PutRule).
        tags: old?.tags ?? given,
        targets: old?.targets ?? 0,
      };
      rules.set(tx, bus, [bus.bus, name], row);
      await setSchedule(tx, bus, name, row, nowMs, deps);
      if ((await moveEpoch(tx, bus, old ? 0 : 1)) > rulesPerBusMax) throw errors.limit();
    });
    return { RuleArn: ruleArn(bus, name) };
  },
});

const describeRule = operation('DescribeRule', {
  access: (input, call, deps) => ruleAccess('DescribeRule', input.Name, input.EventBusName, call, deps),
  async handle({ Name = '', EventBusName }, call, { store }) {
    const bus = busNameOf(EventBusName, scopeOf(call));
    const row = await store.read(async (tx) => {
      await requireBus(tx, bus);
      return rules.get(tx, bus, [bus.bus, Name]);
    });
    if (!row) throw bus.bus === defaultBus ? errors.notFound(`Rule ${Name} does not exist.`) : errors.ruleMissing(Name, bus.bus);
    return { ...listed(bus, Name, row), CreatedBy: row.createdBy };
  },
});

const listRules = operation('ListRules', {
  access: () => ({ action: 'events:ListRules', resource: '*' }),
  async handle({ NamePrefix = '', EventBusName, NextToken, Limit = 100 }, call, { store }) {
    const bus = busNameOf(EventBusName, scopeOf(call));
    const after = readToken(NextToken);
    const rows = await store.read(async (tx) => {
      await requireBus(tx, bus);
      const from = after === undefined || after < NamePrefix ? { from: [bus.bus, NamePrefix] } : { after: [bus.bus, after] };
      return rules.list(tx, bus, [bus.bus], { limit: Limit + 1, ...from });
    });
    const fitting = rows.map(({ parts, row }): [string, RuleRow] => [String(parts[1]), row]).filter(([name]) => name.startsWith(NamePrefix));
    const page = fitting.slice(0, Limit);
    const last = page.at(-1)?.[0];
    return { Rules: page.map(([name, row]) => listed(bus, name, row)), ...(fitting.length > Limit && last !== undefined ? { NextToken: makeToken(last) } : {}) };
  },
});

const deleteRule = operation('DeleteRule', {
  access: (input, call, deps) => ruleAccess('DeleteRule', input.Name, input.EventBusName, call, deps),
  async handle({ Name = '', EventBusName, Force = false }, call, deps) {
    const bus = busNameOf(EventBusName, scopeOf(call));
    await deps.store.transact(async (tx) => {
      await requireBus(tx, bus);
      const row = await rules.get(tx, bus, [bus.bus, Name]);
      // One that is not there is deleted already.
      if (!row) return;
      if (row.managedBy !== undefined && !Force) throw errors.managedRule(Name);
      if (row.targets > 0) throw errors.validation("Rule can't be deleted since it has targets.");
      rules.clear(tx, bus, [bus.bus, Name]);
      await clearSchedule(tx, bus, Name, deps);
      await moveEpoch(tx, bus, -1);
    });
    return {};
  },
});

async function switchRule(bus: BusName, name: string, state: RuleState, deps: EventsDeps): Promise<void> {
  await deps.store.transact(async (tx) => {
    const old = await requireRule(tx, bus, name);
    if (old.managedBy !== undefined) throw errors.managedRule(name);
    if (old.state === state) return;
    const nowMs = nowOf(deps);
    const row: RuleRow = { ...old, state, ...(old.schedule === undefined ? {} : { scheduledFromMs: nowMs }) };
    rules.set(tx, bus, [bus.bus, name], row);
    await setSchedule(tx, bus, name, row, nowMs, deps);
    await moveEpoch(tx, bus);
  });
}

const enableRule = operation('EnableRule', {
  access: (input, call, deps) => ruleAccess('EnableRule', input.Name, input.EventBusName, call, deps),
  async handle({ Name = '', EventBusName }, call, deps) {
    await switchRule(busNameOf(EventBusName, scopeOf(call)), Name, 'ENABLED', deps);
    return {};
  },
});

const disableRule = operation('DisableRule', {
  access: (input, call, deps) => ruleAccess('DisableRule', input.Name, input.EventBusName, call, deps),
  async handle({ Name = '', EventBusName }, call, deps) {
    await switchRule(busNameOf(EventBusName, scopeOf(call)), Name, 'DISABLED', deps);
    return {};
  },
});

const listRuleNamesByTarget = operation('ListRuleNamesByTarget', {
  access: () => ({ action: 'events:ListRuleNamesByTarget', resource: '*' }),
  async handle({ TargetArn = '', EventBusName, NextToken, Limit = 100 }, call, { store }) {
    const bus = busNameOf(EventBusName, scopeOf(call));
    const after = readToken(NextToken);
    const names = await store.read(async (tx) => {
      await requireBus(tx, bus);
      return listRulesOf(tx, bus, TargetArn, { limit: Limit + 1, after });
    });
    const page = names.slice(0, Limit);
    const last = page.at(-1);
    return { RuleNames: page, ...(names.length > Limit && last !== undefined ? { NextToken: makeToken(last) } : {}) };
  },
});

export const ruleOperations = {
  DeleteRule: deleteRule,
  DescribeRule: describeRule,
  DisableRule: disableRule,
  EnableRule: enableRule,
  ListRuleNamesByTarget: listRuleNamesByTarget,
  ListRules: listRules,
  PutRule: putRule,
};

/** Throws what is wrong with a pattern. */
export function requirePattern(pattern: string, rule: string): void {
  const problem = patternProblem(pattern);
  if (problem !== undefined) throw errors.invalidPattern(problem);
  if (pattern.length > patternCharactersMax) throw errors.validation(`Parameter EventPattern for rule ${rule} exceeds limit of ${patternCharactersMax}.`);
}

// `events:source` and `events:detail-type` are what the pattern names exactly (user guide, "Using IAM policy conditions").
function patternConditions(pattern: string | undefined): NonNullable<AccessRequest['conditions']> {
  if (pattern === undefined || patternProblem(pattern) !== undefined) return {};
  const { source, 'detail-type': detailType } = JSON.parse(pattern) as Readonly<Record<string, unknown>>;
  const texts = (value: unknown): string[] => (Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : []);
  return { ...(texts(source).length > 0 ? { 'events:source': texts(source) } : {}), ...(texts(detailType).length > 0 ? { 'events:detail-type': texts(detailType) } : {}) };
}

function listed(bus: BusName, name: string, row: RuleRow) {
  return {
    Name: name,
    Arn: ruleArn(bus, name),
    ...(row.pattern === undefined ? {} : { EventPattern: row.pattern }),
    ...(row.schedule === undefined ? {} : { ScheduleExpression: row.schedule }),
    State: row.state,
    ...(row.description === undefined ? {} : { Description: row.description }),
    ...(row.roleArn === undefined ? {} : { RoleArn: row.roleArn }),
    ...(row.managedBy === undefined ? {} : { ManagedBy: row.managedBy }),
    EventBusName: bus.bus,
  };
}
