import type { CreateFunctionRequest } from '@aws-sdk/client-lambda';
import { uuid } from '../../../base/ids.ts';
import type { Call } from '../../../framework/context.ts';
import { requireSignedCode } from '../code-signing/requireSignedCode.ts';
import { addSigningUse, signingConfigId } from '../code-signing/signingStore.ts';
import { describeVersion } from '../domain/configuration.ts';
import { requireVariables } from '../domain/environment.ts';
import type { Variables } from '../domain/environment.ts';
import { requireLoadableModules } from '../domain/foreignCode.ts';
import { functionArn } from '../domain/functionName.ts';
import type { FunctionReference } from '../domain/functionName.ts';
import { requireLogging } from '../domain/logging.ts';
import { requireRuntime } from '../domain/runtimes.ts';
import { refuseUnimplemented, requireSizes } from '../domain/settings.ts';
import { requireSnapStart } from '../snapstart/rules.ts';
import { requireTags } from '../domain/tags.ts';
import { durableSettings } from '../durable/settings.ts';
import { errors } from '../errors.ts';
import { accessToPassRole, requireExecutionRole, requireTracingRole } from '../executionRole.ts';
import { confirmLayers, requireCombinedSize, requireLayers, withLayerCondition } from '../layers/functionLayers.ts';
import { useLayers } from '../layers/layerStore.ts';
import type { LayerUse } from '../layers/layerUse.ts';
import { codeStorageBytesMax } from '../limits.ts';
import { ownReferenceOf, permissionFor, referenceOf } from '../lookup.ts';
import { operation } from '../operation.ts';
import type { LambdaContext } from '../operation.ts';
import { readPackage } from '../packages/packageSource.ts';
import { prepareFunction } from '../runtimePreparation.ts';
import { requireDeadLetterTarget } from '../invocations/destinations.ts';
import { addPackageUser, addUsage, findFunction, latest, setFunction } from '../store.ts';
import type { CodeReference, FunctionRow } from '../store.ts';
import type { VariableFields } from '../variableVault.ts';
import { publish } from '../versions.ts';

const implemented = new Set([
  'FunctionName', 'Runtime', 'Role', 'Handler', 'Code.ZipFile', 'Code.S3Bucket', 'Code.S3Key', 'Code.S3ObjectVersion', 'Description', 'Timeout', 'MemorySize', 'Publish', 'Environment', 'Tags',
  'KMSKeyArn', 'Architectures', 'EphemeralStorage', 'LoggingConfig.LogGroup', 'LoggingConfig.LogFormat',
  'LoggingConfig.ApplicationLogLevel', 'LoggingConfig.SystemLogLevel', 'DeadLetterConfig.TargetArn', 'TracingConfig.Mode', 'Layers', 'DurableConfig.ExecutionTimeout', 'DurableConfig.RetentionPeriodInDays',
  'SnapStart.ApplyOn', 'TenancyConfig.TenantIsolationMode', 'CodeSigningConfigArn',
]);

const nameLengthMax = 64; // API reference, CreateFunction: the name alone; the model's limit is that of the longest ARN.

export const createFunction = operation('CreateFunction', {
  access: (input, call, context) => [
    withLayerCondition(permissionFor('lambda:CreateFunction', referenceOf(input, call)), input.Layers),
    accessToPassRole(input.Role ?? '', call, context),
    ...(Object.keys(input.Tags ?? {}).length === 0 ? [] : [permissionFor('lambda:TagResource', referenceOf(input, call))]),
  ],
  async handle(input, call, context) {
    const { store, blobs, packages, variables: vault } = context;
    const reference = ownReferenceOf(input, call, 'lambda:CreateFunction');
    const variables = checkSettings(input, reference, call);
    await store.read((tx) => requireFree(tx, reference));
    const layers = await requireLayers(input.Layers, reference, call, context);
    const hadRole = await requireExecutionRole(input.Role ?? '', call, context);
    if (input.TracingConfig?.Mode === 'Active') await requireTracingRole(input.Role ?? '', call, context);
    if (input.DeadLetterConfig?.TargetArn) await requireDeadLetterTarget(input.DeadLetterConfig.TargetArn, input.Role ?? '', context);
    const sealed = await vault.seal({ place: reference, name: reference.name }, variables, input.KMSKeyArn || undefined, call);
    return packages.add(await readPackage(input.Code, call, context), call.signal, async (code) => {
      const row = newFunction(input, { reference, sealed, hadRole, layers, code, call, context });
      requireCombinedSize(row.latest);
      requireLoadableModules(row.latest, context.interpreters());
      const created = await store.transact(async (tx) => {
        await requireFree(tx, reference);
        const { codeBytes } = await addUsage(tx, reference, { codeBytes: code.zippedBytes, functions: 1 });
        if (codeBytes > codeStorageBytesMax) throw errors.codeStorageExceeded();
        blobs.adopt(tx, code.blobId);
        addPackageUser(tx, reference, row.name, row.latest);
        await requireSignedCode(tx, reference, row.name, input.CodeSigningConfigArn || undefined, call.log);
        if (input.CodeSigningConfigArn) addSigningUse(tx, reference, signingConfigId(input.CodeSigningConfigArn, reference), row.name);
        await confirmLayers(tx, layers);
        useLayers(tx, reference, row.name, row.latest);
        setFunction(tx, reference, row);
        return input.Publish === true ? publish(tx, reference, row, context) : row.latest;
      });
      context.snapshots.begin({ place: reference, name: row.name, row: created });
      await prepareFunction({ place: reference, name: row.name, row: created }, context);
      const version = { place: reference, name: row.name, row: created, qualifier: undefined };
      const described = await describeVersion(version, (deployment) => vault.show(deployment, call), 'being-created');
      // The plain ARN even where a version was published with it.
      return { ...described, FunctionArn: functionArn(reference, row.name) };
    });
  },
});

/** Everything that needs no look at the store. */
function checkSettings(input: CreateFunctionRequest, { name, qualifier }: FunctionReference, call: Call): Variables | undefined {
  if (name.length > nameLengthMax) throw errors.validation(name, 'functionName', `Member must have length less than or equal to ${nameLengthMax}`);
  if (qualifier !== undefined && qualifier !== latest) {
    throw errors.invalidParameter(`The function name must not have a qualifier: ${qualifier}`);
  }
  refuseUnimplemented(input, implemented);
  if (!input.Runtime || !input.Handler) {
    throw errors.invalidParameter('Runtime and Handler are mandatory parameters for functions created with deployment packages.');
  }
  requireRuntime(input.Runtime, call.nowMs);
  requireSizes(input);
  if (input.SnapStart?.ApplyOn === 'PublishedVersions') requireSnapStart({ runtime: input.Runtime, ephemeralMegabytes: input.EphemeralStorage?.Size ?? 512 });
  requireTags(input.Tags ?? {});
  requireLogging(input.LoggingConfig ?? {}, undefined);
  return input.Environment === undefined ? undefined : requireVariables(input.Environment.Variables ?? {});
}

async function requireFree(tx: Parameters<typeof findFunction>[0], reference: FunctionReference): Promise<void> {
  if ((await findFunction(tx, reference, reference.name)) !== undefined) throw errors.functionExists(reference.name);
}

interface NewFunction {
  readonly reference: FunctionReference;
  readonly sealed: VariableFields;
  readonly hadRole: boolean;
  readonly layers: readonly LayerUse[] | undefined;
  readonly code: CodeReference;
  readonly call: Call;
  readonly context: LambdaContext;
}

function newFunction(input: CreateFunctionRequest, { reference, sealed, hadRole, layers = [], code, call, context }: NewFunction): FunctionRow {
  const { random } = context;
  const { name } = reference;
  const logging = requireLogging(input.LoggingConfig ?? {}, undefined);
  return {
    name,
    createdAtMs: call.nowMs,
    tags: Object.entries(input.Tags ?? {}),
    publishedVersions: 0,
    ...(input.CodeSigningConfigArn ? { codeSigningConfigArn: input.CodeSigningConfigArn } : {}),
    latest: {
      version: latest,
      description: input.Description ?? '',
      runtime: input.Runtime ?? '',
      handler: input.Handler ?? '',
      roleArn: input.Role ?? '',
      hadRole,
      timeoutSeconds: input.Timeout ?? 3,
      memoryMegabytes: input.MemorySize ?? 128,
      ephemeralMegabytes: input.EphemeralStorage?.Size ?? 512,
      architecture: input.Architectures?.[0] ?? 'x86_64',
      logGroupName: input.LoggingConfig?.LogGroup ?? `/aws/lambda/${name}`,
      ...(logging === undefined ? {} : { logging }),
      ...(input.TracingConfig?.Mode === 'Active' ? { tracing: 'Active' as const } : {}),
      ...(input.SnapStart?.ApplyOn === 'PublishedVersions' ? { snapStart: { state: 'wanted' as const } } : {}),
      ...sealed,
      ...(input.DeadLetterConfig?.TargetArn ? { deadLetterArn: input.DeadLetterConfig.TargetArn } : {}),
      ...(input.TenancyConfig?.TenantIsolationMode === 'PER_TENANT' ? { tenancy: 'PER_TENANT' as const } : {}),
      ...(input.DurableConfig === undefined ? {} : { durable: durableSettings(input.DurableConfig, undefined) }),
      code,
      ...(layers.length === 0 ? {} : { layers }),
      modifiedAtMs: call.nowMs,
      revisionId: uuid(random),
      deploymentId: uuid(random),
    },
  };
}
