import type { UpdateFunctionConfigurationRequest } from '@aws-sdk/client-lambda';
import { uuid } from '../../../base/ids.ts';
import type { Call } from '../../../framework/context.ts';
import { describeVersion } from '../domain/configuration.ts';
import { requireVariables } from '../domain/environment.ts';
import { requireLoadableModules } from '../domain/foreignCode.ts';
import { functionArn } from '../domain/functionName.ts';
import type { FunctionReference } from '../domain/functionName.ts';
import { requireLogging } from '../domain/logging.ts';
import { requireOpen, requireRuntime } from '../domain/runtimes.ts';
import { sealVariables } from '../domain/seal.ts';
import { refuseUnimplemented, requireSizes } from '../domain/settings.ts';
import { accessToPassRole, requireExecutionRole } from '../executionRole.ts';
import { requireDeadLetterTarget } from '../invocations/destinations.ts';
import { accessTo, ownReferenceOf, requireFunction, requireRevision, wholeFunctionOf } from '../lookup.ts';
import { operation } from '../operation.ts';
import type { LambdaContext } from '../operation.ts';
import { prepareFunction } from '../runtimePreparation.ts';
import { latest } from '../store.ts';
import type { VersionRow } from '../store.ts';
import { commitLatest } from '../versions.ts';

const implemented = new Set([
  'FunctionName', 'Role', 'Handler', 'Description', 'Timeout', 'MemorySize', 'Environment', 'Runtime', 'RevisionId', 'EphemeralStorage',
  'LoggingConfig.LogGroup', 'LoggingConfig.LogFormat', 'LoggingConfig.ApplicationLogLevel', 'LoggingConfig.SystemLogLevel',
  'DeadLetterConfig.TargetArn',
]);

export const updateFunctionConfiguration = operation('UpdateFunctionConfiguration', {
  access: async (input, call, context) => [
    await accessTo('lambda:UpdateFunctionConfiguration')(input, call, context),
    ...(input.Role === undefined ? [] : [accessToPassRole(input.Role, call, context)]),
  ],
  async handle(input, call, context) {
    const { store, fleet, sealKey } = context;
    ownReferenceOf(input, call, 'lambda:UpdateFunctionConfiguration');
    const reference = wholeFunctionOf(input, call);
    refuseUnimplemented(input, implemented);
    requireSizes(input);
    const change = changeOf(input, reference, call, context);
    const before = await store.read((tx) => requireFunction(tx, reference));
    const role = input.Role === undefined ? {} : { roleArn: input.Role, hadRole: await requireExecutionRole(input.Role, call, context) };
    const deadLetterArn = input.DeadLetterConfig?.TargetArn;
    if (deadLetterArn) await requireDeadLetterTarget(deadLetterArn, input.Role ?? before.latest.roleArn, context);
    const row = await store.transact(async (tx) => {
      const head = await requireFunction(tx, reference);
      requireRevision(head.latest, input.RevisionId);
      requireOpen(input.Runtime ?? head.latest.runtime, call.nowMs, 'update');
      const next = withDeadLetters(withLogging({ ...head.latest, ...change, ...role }, input.LoggingConfig), deadLetterArn);
      if (input.Runtime !== undefined) requireLoadableModules(next, context.interpreters());
      return (await commitLatest(tx, reference, head, next, context)).latest;
    });
    prepareFunction({ place: reference, name: reference.name, row }, context);
    fleet.retire(reference, reference.name, latest);
    return describeVersion({ place: reference, name: reference.name, row, qualifier: undefined }, sealKey, 'being-updated');
  },
});

function withLogging({ logging: old, ...row }: VersionRow, given: UpdateFunctionConfigurationRequest['LoggingConfig']): VersionRow {
  const logging = given === undefined ? old : requireLogging(given, old);
  return logging === undefined ? row : { ...row, logging };
}

/** An empty ARN ends it. */
function withDeadLetters({ deadLetterArn: old, ...row }: VersionRow, given: string | undefined): VersionRow {
  const deadLetterArn = given ?? old;
  return deadLetterArn ? { ...row, deadLetterArn } : row;
}

/** Only what the request names; the rest stays. */
function changeOf(
  input: UpdateFunctionConfigurationRequest,
  reference: FunctionReference,
  call: Call,
  { random, sealKey }: LambdaContext,
): Partial<VersionRow> {
  if (input.Runtime !== undefined) requireRuntime(input.Runtime, call.nowMs, 'update');
  const variables = input.Environment === undefined ? undefined : requireVariables(input.Environment.Variables ?? {});
  return {
    ...(input.Runtime === undefined ? {} : { runtime: input.Runtime }),
    ...(input.Handler === undefined ? {} : { handler: input.Handler }),
    ...(input.Description === undefined ? {} : { description: input.Description }),
    ...(input.Timeout === undefined ? {} : { timeoutSeconds: input.Timeout }),
    ...(input.MemorySize === undefined ? {} : { memoryMegabytes: input.MemorySize }),
    ...(input.EphemeralStorage?.Size === undefined ? {} : { ephemeralMegabytes: input.EphemeralStorage.Size }),
    ...(input.LoggingConfig?.LogGroup === undefined ? {} : { logGroupName: input.LoggingConfig.LogGroup }),
    ...(variables === undefined ? {} : { sealedVariables: sealVariables(variables, functionArn(reference, reference.name), sealKey, random) }),
    modifiedAtMs: call.nowMs,
    revisionId: uuid(random),
    deploymentId: uuid(random),
  };
}
