import type { UpdateFunctionConfigurationRequest } from '@aws-sdk/client-lambda';
import { uuid } from '../../../base/ids.ts';
import type { Call } from '../../../framework/context.ts';
import { requireSignedCode } from '../code-signing/requireSignedCode.ts';
import { describeVersion } from '../domain/configuration.ts';
import { requireVariables } from '../domain/environment.ts';
import type { Variables } from '../domain/environment.ts';
import { requireLoadableModules } from '../domain/foreignCode.ts';
import { functionArn } from '../domain/functionName.ts';
import type { FunctionReference } from '../domain/functionName.ts';
import { requireLogging } from '../domain/logging.ts';
import { requireOpen, requireRuntime } from '../domain/runtimes.ts';
import { refuseUnimplemented, requireSizes } from '../domain/settings.ts';
import { withDurable } from '../durable/settings.ts';
import { errors } from '../errors.ts';
import { accessToPassRole, requireExecutionRole, requireTracingRole } from '../executionRole.ts';
import { requireDeadLetterTarget } from '../invocations/destinations.ts';
import { confirmLayers, requireCombinedSize, requireLayers, withLayerCondition } from '../layers/functionLayers.ts';
import { contentsOf } from '../layers/layerStore.ts';
import type { LayerUse } from '../layers/layerUse.ts';
import { accessTo, ownReferenceOf, requireFunction, requireRevision, wholeFunctionOf } from '../lookup.ts';
import { operation } from '../operation.ts';
import type { LambdaContext } from '../operation.ts';
import { prepareFunction } from '../runtimePreparation.ts';
import { requireSnapStart } from '../snapstart/rules.ts';
import { latest } from '../store.ts';
import type { VersionRow } from '../store.ts';
import { withVariables } from '../variableVault.ts';
import type { VariableFields } from '../variableVault.ts';
import { commitLatest } from '../versions.ts';

const implemented = new Set([
  'FunctionName', 'Role', 'Handler', 'Description', 'Timeout', 'MemorySize', 'Environment', 'KMSKeyArn', 'Runtime', 'RevisionId', 'EphemeralStorage',
  'LoggingConfig.LogGroup', 'LoggingConfig.LogFormat', 'LoggingConfig.ApplicationLogLevel', 'LoggingConfig.SystemLogLevel',
  'DeadLetterConfig.TargetArn', 'TracingConfig.Mode', 'Layers', 'DurableConfig.ExecutionTimeout', 'DurableConfig.RetentionPeriodInDays', 'SnapStart.ApplyOn',
]);

export const updateFunctionConfiguration = operation('UpdateFunctionConfiguration', {
  access: async (input, call, context) => [
    withLayerCondition(await accessTo('lambda:UpdateFunctionConfiguration')(input, call, context), input.Layers),
    ...(input.Role === undefined ? [] : [accessToPassRole(input.Role, call, context)]),
  ],
  async handle(input, call, context) {
    const { store, fleet, packages, variables: vault } = context;
    ownReferenceOf(input, call, 'lambda:UpdateFunctionConfiguration');
    const reference = wholeFunctionOf(input, call);
    refuseUnimplemented(input, implemented);
    requireSizes(input);
    const change = changeOf(input, call, context);
    const given = input.Environment === undefined ? undefined : requireVariables(input.Environment.Variables ?? {});
    const before = (await store.read((tx) => requireFunction(tx, reference))).latest;
    const role = input.Role === undefined ? {} : { roleArn: input.Role, hadRole: await requireExecutionRole(input.Role, call, context) };
    const layers = await requireLayers(input.Layers, reference, call, context);
    const deadLetterArn = input.DeadLetterConfig?.TargetArn;
    if (deadLetterArn) await requireDeadLetterTarget(deadLetterArn, input.Role ?? before.roleArn, context);
    if (input.TracingConfig?.Mode === 'Active') await requireTracingRole(input.Role ?? before.roleArn, call, context);
    const sealed = await sealChange(given, { input, reference, before, call, context });
    const row = await store.transact(async (tx) => {
      const head = await requireFunction(tx, reference);
      requireRevision(head.latest, input.RevisionId);
      requireOpen(input.Runtime ?? head.latest.runtime, call.nowMs, 'update');
      if (sealed !== undefined && isOutdated(input, before, head.latest)) throw errors.updateInProgress(functionArn(reference, reference.name));
      const changed = withDurable({ ...head.latest, ...change, ...role }, input.DurableConfig);
      const logged = withLogging(sealed === undefined ? changed : withVariables(changed, sealed), input.LoggingConfig);
      const next = withSnapStart(withLayers(withTracing(withDeadLetters(logged, deadLetterArn), input.TracingConfig), layers), input.SnapStart?.ApplyOn);
      if (layers !== undefined && layers.length > 0) await requireSignedCode(tx, reference, head.name, head.codeSigningConfigArn, call.log);
      await confirmLayers(tx, layers);
      requireCombinedSize(next);
      if (input.Runtime !== undefined) requireLoadableModules(next, context.interpreters());
      return (await commitLatest(tx, reference, head, next, context)).latest;
    });
    await prepareFunction({ place: reference, name: reference.name, row }, context);
    fleet.retire(reference, reference.name, latest);
    if (layers !== undefined) for (const sha256 of contentsOf(before)) packages.forget(sha256);
    const described = { place: reference, name: reference.name, row, qualifier: undefined };
    return describeVersion(described, (deployment) => vault.show(deployment, call), 'being-updated');
  },
});

interface VariableChange {
  readonly input: UpdateFunctionConfigurationRequest;
  readonly reference: FunctionReference;
  readonly before: VersionRow;
  readonly call: Call;
  readonly context: LambdaContext;
}

/** Other variables under the old key, the old variables under another key, or both; undefined when the request names neither. */
async function sealChange(given: Variables | undefined, { input, reference, before, call, context }: VariableChange): Promise<VariableFields | undefined> {
  if (given === undefined && input.KMSKeyArn === undefined) return undefined;
  const owner = { place: reference, name: reference.name };
  const variables = given ?? (await context.variables.reopen({ ...owner, row: before }, call));
  // An empty ARN takes the key away.
  return context.variables.seal(owner, variables, (input.KMSKeyArn ?? before.kmsKeyArn) || undefined, call);
}

/** KMS is asked before the transaction: what came of it holds for the row as it was then. */
function isOutdated(input: UpdateFunctionConfigurationRequest, before: VersionRow, now: VersionRow): boolean {
  if (input.KMSKeyArn === undefined) return before.kmsKeyArn !== now.kmsKeyArn;
  return input.Environment === undefined && before.revisionId !== now.revisionId;
}

function withLogging({ logging: old, ...row }: VersionRow, given: UpdateFunctionConfigurationRequest['LoggingConfig']): VersionRow {
  const logging = given === undefined ? old : requireLogging(given, old);
  return logging === undefined ? row : { ...row, logging };
}

function withTracing({ tracing: old, ...row }: VersionRow, given: UpdateFunctionConfigurationRequest['TracingConfig']): VersionRow {
  const mode = given?.Mode ?? old;
  return mode === 'Active' ? { ...row, tracing: 'Active' } : row;
}

/** What the function has by then decides whether it may have it. */
function withSnapStart({ snapStart: old, ...row }: VersionRow, applyOn: string | undefined): VersionRow {
  const isOn = applyOn === undefined ? old !== undefined : applyOn === 'PublishedVersions';
  if (!isOn) return row;
  requireSnapStart(row);
  return { ...row, snapStart: { state: 'wanted' } };
}

/** An empty ARN ends it. */
function withDeadLetters({ deadLetterArn: old, ...row }: VersionRow, given: string | undefined): VersionRow {
  const deadLetterArn = given ?? old;
  return deadLetterArn ? { ...row, deadLetterArn } : row;
}

/** A list replaces the old one; an empty one ends it. */
function withLayers({ layers: old, ...row }: VersionRow, given: readonly LayerUse[] | undefined): VersionRow {
  const layers = given ?? old ?? [];
  return layers.length === 0 ? row : { ...row, layers };
}

/** Only what the request names; the rest stays. */
function changeOf(input: UpdateFunctionConfigurationRequest, call: Call, { random }: LambdaContext): Partial<VersionRow> {
  if (input.Runtime !== undefined) requireRuntime(input.Runtime, call.nowMs, 'update');
  return {
    ...(input.Runtime === undefined ? {} : { runtime: input.Runtime }),
    ...(input.Handler === undefined ? {} : { handler: input.Handler }),
    ...(input.Description === undefined ? {} : { description: input.Description }),
    ...(input.Timeout === undefined ? {} : { timeoutSeconds: input.Timeout }),
    ...(input.MemorySize === undefined ? {} : { memoryMegabytes: input.MemorySize }),
    ...(input.EphemeralStorage?.Size === undefined ? {} : { ephemeralMegabytes: input.EphemeralStorage.Size }),
    ...(input.LoggingConfig?.LogGroup === undefined ? {} : { logGroupName: input.LoggingConfig.LogGroup }),
    modifiedAtMs: call.nowMs,
    revisionId: uuid(random),
    deploymentId: uuid(random),
  };
}
