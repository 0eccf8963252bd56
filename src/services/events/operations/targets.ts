import { parseArn } from '../../../base/arn.ts';
import type { Call } from '../../../framework/context.ts';
import { isTargetArn } from '../../../framework/targetArn.ts';
import { parseLogGroupArn } from '../delivery/logDelivery.ts';
import { parsePath } from '../../../pattern/jsonPath.ts';
import { busNameOf, parseBusArn, parseOwnArn } from '../domain/names.ts';
import { templateProblem } from '../domain/targetInput.ts';
import { errors } from '../errors.ts';
import { targetsPerRuleMax } from '../limits.ts';
import { type EventsDeps, makeToken, operation, passRole, readToken, requireRule, ruleAccess, scopeOf } from '../operation.ts';
import { clearTarget, moveEpoch, rules, setTarget, type TargetRow, targets } from '../store.ts';
import { requireDeadLetterArn } from './eventBuses.ts';
import { jsonDepth } from '../domain/eventRecord.ts';
import { detailDepthMax } from '../limits.ts';

type GivenTarget = NonNullable<import('@aws-sdk/client-eventbridge').PutTargetsCommandInput['Targets']>[number];

const putTargets = operation('PutTargets', {
  async access(input, call, deps) {
    const arns = (input.Targets ?? []).flatMap(({ Arn }) => Arn ?? []);
    const rule = await ruleAccess('PutTargets', input.Rule, input.EventBusName, call, deps, { 'events:TargetArn': arns });
    return [rule, ...passRole((input.Targets ?? []).map(({ RoleArn }) => RoleArn))];
  },
  async handle({ Rule: name = '', EventBusName, Targets: given = [] }, call, deps) {
    const bus = busNameOf(EventBusName, scopeOf(call));
    if (new Set(given.map(({ Id }) => Id)).size < given.length) throw errors.validation('Target Ids must be unique in a request.');
    for (const target of given) requireTarget(target, call, deps);
    await deps.store.transact(async (tx) => {
      const row = await requireRule(tx, bus, name);
      if (row.managedBy !== undefined) throw errors.managedRule(name);
      const olds = await Promise.all(given.map(({ Id = '' }) => targets.get(tx, bus, [bus.bus, name, Id])));
      const count = row.targets + olds.filter((old) => old === undefined).length;
      if (count > targetsPerRuleMax) throw errors.limit();
      given.forEach((target, at) => setTarget(tx, bus, name, target.Id ?? '', rowOf(target), olds[at]));
      rules.set(tx, bus, [bus.bus, name], { ...row, targets: count });
      await moveEpoch(tx, bus);
    });
    return { FailedEntryCount: 0, FailedEntries: [] };
  },
});

const removeTargets = operation('RemoveTargets', {
  access: (input, call, deps) => ruleAccess('RemoveTargets', input.Rule, input.EventBusName, call, deps),
  async handle({ Rule: name = '', EventBusName, Ids = [], Force = false }, call, { store }) {
    const bus = busNameOf(EventBusName, scopeOf(call));
    const missing = await store.transact(async (tx) => {
      const row = await requireRule(tx, bus, name);
      if (row.managedBy !== undefined && !Force) throw errors.managedRule(name);
      const absent: string[] = [];
      let count = row.targets;
      for (const id of new Set(Ids)) {
        const target = await targets.get(tx, bus, [bus.bus, name, id]);
        if (!target) {
          absent.push(id);
          continue;
        }
        clearTarget(tx, bus, name, id, target);
        count -= 1;
      }
      rules.set(tx, bus, [bus.bus, name], { ...row, targets: count });
      await moveEpoch(tx, bus);
      return absent;
    });
    // DEVIATION: the service says nothing documented about ids that the rule does not have; here each is a failed entry.
    const FailedEntries = missing.map((TargetId) => ({ TargetId, ErrorCode: 'ResourceNotFoundException', ErrorMessage: `Rule ${name} does not have target(s) with id ${TargetId}.` }));
    return { FailedEntryCount: FailedEntries.length, FailedEntries };
  },
});

const listTargetsByRule = operation('ListTargetsByRule', {
  access: (input, call, deps) => ruleAccess('ListTargetsByRule', input.Rule, input.EventBusName, call, deps),
  async handle({ Rule: name = '', EventBusName, NextToken, Limit = 100 }, call, { store }) {
    const bus = busNameOf(EventBusName, scopeOf(call));
    const after = readToken(NextToken);
    const rows = await store.read(async (tx) => {
      await requireRule(tx, bus, name);
      return targets.list(tx, bus, [bus.bus, name], { limit: Limit + 1, ...(after === undefined ? {} : { after: [bus.bus, name, after] }) });
    });
    const page = rows.slice(0, Limit).map(({ parts, row }) => ({ Id: String(parts[2]), ...row }));
    const last = page.at(-1)?.Id;
    return { Targets: page as GivenTarget[], ...(rows.length > Limit && last !== undefined ? { NextToken: makeToken(last) } : {}) };
  },
});

export const targetOperations = { ListTargetsByRule: listTargetsByRule, PutTargets: putTargets, RemoveTargets: removeTargets };

/** Parameters that belong to kinds of target which nothing here delivers to. */
const refusedParameters = ['EcsParameters', 'KinesisParameters', 'BatchParameters', 'RedshiftDataParameters', 'RunCommandParameters', 'SageMakerPipelineParameters', 'AppSyncParameters'] as const;

/** EventBridge acts by the target's own policy at these, and in a role everywhere else. */
const roleless = new Set(['lambda', 'sns', 'sqs', 'logs']);

function requireTarget(target: GivenTarget, call: Call, deps: EventsDeps): void {
  const { Id: id = '', Arn: arn = '', RoleArn: roleArn } = target;
  const parsed = parseArn(arn);
  if (!parsed) throw errors.invalidParameter(arn, 'Provided Arn is not in correct format.');
  for (const name of refusedParameters) if (target[name] !== undefined) throw errors.validation(`Parameter(s) ${name} not supported for target: ${id}.`);
  if (roleArn !== undefined && !/^arn:aws[a-z-]*:iam::\d{12}:role\/.+$/.test(roleArn)) throw errors.invalidParameter(roleArn, 'Provided role is not in correct format.');
  const bus = parseBusArn(arn);
  const isApi = parseOwnArn(arn, 'api-destination') !== undefined;
  // A bus of another account may let that account in by its own policy.
  if (!roleless.has(parsed.service) && roleArn === undefined && !(bus && bus.account !== call.account)) throw errors.validation(`RoleArn is required for target ${arn}.`);
  if (!bus && !isApi && (parsed.service === 'events' || !isReachable(arn, parsed.service, deps))) {
    throw errors.invalidParameter(arn, `Haneul does not deliver events to ${parsed.service} targets of this kind.`);
  }
  // Only another bus may be elsewhere (user guide, "Sending and receiving events between AWS Regions").
  if (!bus && parsed.region !== call.region) throw errors.validation(`Target ${arn} must be in the Region ${call.region} of the rule.`);
  if (target.HttpParameters !== undefined && !isApi) throw errors.validation(`Parameter(s) HttpParameters not supported for target: ${id}.`);
  if (parsed.service === 'sqs' && arn.endsWith('.fifo') && !target.SqsParameters?.MessageGroupId) throw errors.validation(`Parameter(s) SqsParameters must be specified for target: ${id}.`);
  if (target.DeadLetterConfig?.Arn !== undefined) requireDeadLetterArn(target.DeadLetterConfig.Arn, call.region);
  requireInput(target, id);
}

function isReachable(arn: string, service: string, { directory }: EventsDeps): boolean {
  return service === 'logs' ? parseLogGroupArn(arn) !== undefined : isTargetArn(arn) && directory.for(arn) !== undefined;
}

function requireInput({ Input, InputPath, InputTransformer }: GivenTarget, id: string): void {
  if ([Input, InputPath, InputTransformer].filter((value) => value !== undefined).length > 1) {
    throw errors.validation(`Only one of Input, InputPath, or InputTransformer must be provided for target ${id}.`);
  }
  if (Input !== undefined && !isJson(Input)) throw errors.validation(`JSON syntax error in input for target ${id}.`);
  if (InputPath !== undefined && !parsePath(InputPath)) throw errors.validation(`InputPath for target ${id} is invalid.`);
  if (InputTransformer === undefined) return;
  const paths = InputTransformer.InputPathsMap ?? {};
  for (const [name, path] of Object.entries(paths)) {
    if (name.startsWith('aws.events.')) throw errors.validation(`InputPathsMap for target ${id} contains the reserved name ${name}.`);
    if (!parsePath(path)) throw errors.validation(`InputPath for target ${id} is invalid.`);
  }
  const problem = templateProblem(id, InputTransformer.InputTemplate ?? '', new Set(Object.keys(paths)));
  if (problem !== undefined) throw errors.validation(problem);
}

function isJson(text: string): boolean {
  if (jsonDepth(text, detailDepthMax) > detailDepthMax) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

// What is not given is not kept, and nothing else was let through.
function rowOf({ Id: _id, ...target }: GivenTarget): TargetRow {
  return JSON.parse(JSON.stringify(target)) as TargetRow;
}
