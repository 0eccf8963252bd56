import type { UpdateFunctionCodeRequest } from '@aws-sdk/client-lambda';
import { uuid } from '../../../base/ids.ts';
import type { Call } from '../../../framework/context.ts';
import { requireSignedCode } from '../code-signing/requireSignedCode.ts';
import { describeVersion } from '../domain/configuration.ts';
import { requireLoadableModules } from '../domain/foreignCode.ts';
import type { FunctionReference } from '../domain/functionName.ts';
import { requireOpen } from '../domain/runtimes.ts';
import { refuseUnimplemented, requireSizes } from '../domain/settings.ts';
import { errors } from '../errors.ts';
import { functionImage } from '../images/functionImage.ts';
import { resolveImage } from '../images/resolveImage.ts';
import { requireCombinedSize } from '../layers/functionLayers.ts';
import { accessTo, requireFunction, requireRevision, wholeFunctionOf } from '../lookup.ts';
import { operation } from '../operation.ts';
import type { LambdaContext } from '../operation.ts';
import { prepareFunction } from '../runtimePreparation.ts';
import { latest } from '../store.ts';
import { readPackage } from '../packages/packageSource.ts';
import type { CodeReference, FunctionImage, FunctionRow, VersionRow } from '../store.ts';
import { commitLatest, publish } from '../versions.ts';

const implemented = new Set(['FunctionName', 'ZipFile', 'S3Bucket', 'S3Key', 'S3ObjectVersion', 'Publish', 'DryRun', 'RevisionId', 'Architectures', 'ImageUri']);

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
    requireSameType(input, before.latest);
    const update = { input, call, context, reference };
    const add = await adderFor(input, before.latest, update);
    if (input.DryRun === true) return describeDryRun(add, { ...update, before });
    const { row, replaced } = await add((code, image) => commit(code, image, update));
    context.snapshots.begin({ place: reference, name: reference.name, row });
    fleet.retire(reference, reference.name, latest);
    packages.forget(replaced.sha256);
    await prepareFunction({ place: reference, name: reference.name, row }, context);
    return describeVersion({ place: reference, name: reference.name, row, qualifier: undefined }, (deployment) => variables.show(deployment, call), 'being-updated');
  },
});

/** Stores what a request brings, and hands over what the function is to have of it. */
type Add = <Result>(commit: (code: CodeReference, image: FunctionImage | undefined) => Promise<Result>) => Promise<Result>;

async function adderFor(input: UpdateFunctionCodeRequest, before: VersionRow, { call, context, reference }: Update): Promise<Add> {
  const { packages } = context;
  if (before.image === undefined) {
    const archive = await readPackage(input, call, context);
    return (finish) => packages.add(archive, call.signal, (code) => finish(code, undefined));
  }
  const resolved = await resolveImage(input.ImageUri ?? '', reference, input.Architectures?.[0] ?? before.architecture, call, context);
  const image = functionImage(resolved, before.image.config);
  return (finish) => packages.addImage(resolved.document, call.signal, (code) => finish(code, image));
}

function requireSameType({ ImageUri, ZipFile, S3Bucket, S3Key }: UpdateFunctionCodeRequest, { image }: VersionRow): void {
  if (image === undefined && ImageUri !== undefined) throw errors.invalidParameter("Please don't provide ImageUri when updating a function with packageType Zip.");
  if (image !== undefined && (ImageUri === undefined || ZipFile !== undefined || S3Bucket !== undefined || S3Key !== undefined)) {
    throw errors.invalidParameter('Please provide ImageUri when updating a function with packageType Image.');
  }
}

interface Update {
  readonly input: UpdateFunctionCodeRequest;
  readonly call: Call;
  readonly context: LambdaContext;
  readonly reference: FunctionReference;
}

async function commit(code: CodeReference, image: FunctionImage | undefined, update: Update): Promise<{ row: VersionRow; replaced: CodeReference }> {
  const { input, context, reference } = update;
  return context.store.transact(async (tx) => {
    const head = await requireFunction(tx, reference);
    requireRevision(head.latest, input.RevisionId);
    await requireSignedCode(tx, reference, head.name, head.codeSigningConfigArn, update.call.log);
    const next = withCode(head, code, image, update);
    requireCombinedSize(next);
    requireLoadableModules(next, context.interpreters());
    const changed = await commitLatest(tx, reference, head, next, context);
    const row = input.Publish === true ? await publish(tx, reference, changed, context) : changed.latest;
    return { row, replaced: head.latest.code };
  });
}

const withCode = ({ latest: row }: FunctionRow, code: CodeReference, image: FunctionImage | undefined, { input, call, context }: Update): VersionRow => ({
  ...row,
  code,
  ...(image === undefined ? {} : { image }),
  architecture: input.Architectures?.[0] ?? row.architecture,
  modifiedAtMs: call.nowMs,
  revisionId: uuid(context.random),
  deploymentId: uuid(context.random),
});

class DryRunEnd extends Error {}

/** Checks the package like a real update, and lets nothing of it stay. */
async function describeDryRun(add: Add, { before, ...update }: Update & { readonly before: FunctionRow }) {
  const { context, reference } = update;
  await context.store.read((tx) => requireSignedCode(tx, reference, before.name, before.codeSigningConfigArn, update.call.log));
  let described: VersionRow = before.latest;
  try {
    await add(async (code, image) => {
      described = withCode(before, code, image, update);
      requireLoadableModules(described, context.interpreters());
      throw new DryRunEnd();
    });
  } catch (error) {
    if (!(error instanceof DryRunEnd)) throw error;
  }
  return describeVersion({ place: reference, name: before.name, row: described, qualifier: undefined }, (deployment) => context.variables.show(deployment, update.call));
}
