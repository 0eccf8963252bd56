import type { UpdateFunctionCodeRequest } from '@aws-sdk/client-lambda';
import { uuid } from '../../../base/ids.ts';
import type { Call } from '../../../framework/context.ts';
import { requireSignedCode } from '../code-signing/requireSignedCode.ts';
import { describeVersion } from '../domain/configuration.ts';
import { requireLoadableModules } from '../domain/foreignCode.ts';
import type { FunctionReference } from '../domain/functionName.ts';
import { requireOpen } from '../domain/runtimes.ts';
import { refuseUnimplemented, requireSizes } from '../domain/settings.ts';
import { requireCombinedSize } from '../layers/functionLayers.ts';
import { accessTo, requireFunction, requireRevision, wholeFunctionOf } from '../lookup.ts';
import { operation } from '../operation.ts';
import type { LambdaContext } from '../operation.ts';
import { prepareFunction } from '../runtimePreparation.ts';
import { latest } from '../store.ts';
import { readPackage } from '../packages/packageSource.ts';
import type { CodeReference, FunctionRow, VersionRow } from '../store.ts';
import { commitLatest, publish } from '../versions.ts';

const implemented = new Set(['FunctionName', 'ZipFile', 'S3Bucket', 'S3Key', 'S3ObjectVersion', 'Publish', 'DryRun', 'RevisionId', 'Architectures']);

export const updateFunctionCode = operation('UpdateFunctionCode', {
  access: accessTo('lambda:UpdateFunctionCode'),
  async handle(input, call, context) {
    const { store, packages, fleet, variables } = context;
    const reference = wholeFunctionOf(input, call);
    refuseUnimplemented(input, implemented);
    requireSizes(input);
    const before = await store.read((tx) => requireFunction(tx, reference));
    requireRevision(before.latest, input.RevisionId);
    requireOpen(before.latest.runtime, call.nowMs, 'update');
    const archive = await readPackage(input, call, context);
    if (input.DryRun === true) return describeDryRun(archive, { input, call, context, reference, before });
    const { row, replaced } = await packages.add(archive, call.signal, (code) => commit(code, { input, call, context, reference }));
    context.snapshots.begin({ place: reference, name: reference.name, row });
    fleet.retire(reference, reference.name, latest);
    packages.forget(replaced.sha256);
    await prepareFunction({ place: reference, name: reference.name, row }, context);
    return describeVersion({ place: reference, name: reference.name, row, qualifier: undefined }, (deployment) => variables.show(deployment, call), 'being-updated');
  },
});

interface Update {
  readonly input: UpdateFunctionCodeRequest;
  readonly call: Call;
  readonly context: LambdaContext;
  readonly reference: FunctionReference;
}

async function commit(code: CodeReference, update: Update): Promise<{ row: VersionRow; replaced: CodeReference }> {
  const { input, context, reference } = update;
  return context.store.transact(async (tx) => {
    const head = await requireFunction(tx, reference);
    requireRevision(head.latest, input.RevisionId);
    await requireSignedCode(tx, reference, head.name, head.codeSigningConfigArn, update.call.log);
    const next = withCode(head, code, update);
    requireCombinedSize(next);
    requireLoadableModules(next, context.interpreters());
    const changed = await commitLatest(tx, reference, head, next, context);
    const row = input.Publish === true ? await publish(tx, reference, changed, context) : changed.latest;
    return { row, replaced: head.latest.code };
  });
}

const withCode = ({ latest: row }: FunctionRow, code: CodeReference, { input, call, context }: Update): VersionRow => ({
  ...row,
  code,
  architecture: input.Architectures?.[0] ?? row.architecture,
  modifiedAtMs: call.nowMs,
  revisionId: uuid(context.random),
  deploymentId: uuid(context.random),
});

class DryRunEnd extends Error {}

/** Checks the package like a real update, and lets nothing of it stay. */
async function describeDryRun(archive: Uint8Array, { before, ...update }: Update & { readonly before: FunctionRow }) {
  const { context, reference } = update;
  await context.store.read((tx) => requireSignedCode(tx, reference, before.name, before.codeSigningConfigArn, update.call.log));
  let described: VersionRow = before.latest;
  try {
    await context.packages.add(archive, update.call.signal, async (code) => {
      described = withCode(before, code, update);
      requireLoadableModules(described, context.interpreters());
      throw new DryRunEnd();
    });
  } catch (error) {
    if (!(error instanceof DryRunEnd)) throw error;
  }
  return describeVersion({ place: reference, name: before.name, row: described, qualifier: undefined }, (deployment) => context.variables.show(deployment, update.call));
}
