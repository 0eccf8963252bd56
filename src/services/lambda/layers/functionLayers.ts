// The layers of a function: which ones it may have.
// https://docs.aws.amazon.com/lambda/latest/dg/chapter-layers.html and adding-layers.html
import type { AccessRequest, Call } from '../../../framework/context.ts';
import type { Transaction } from '../../../kv/store.ts';
import type { Place } from '../domain/functionName.ts';
import { errors } from '../errors.ts';
import { layersMax, unzippedBytesMax } from '../limits.ts';
import type { LambdaContext } from '../operation.ts';
import type { CodeReference, VersionRow } from '../store.ts';
import { accessToLayerVersion } from './layerAccess.ts';
import { isBuiltIn, layerArn, layerVersionArn, parseLayerVersionArn } from './layerName.ts';
import type { LayerVersionReference } from './layerName.ts';
import { findLayerVersion } from './layerStore.ts';
import type { LayerUse } from './layerUse.ts';

/** The layers that a request names, each of which the caller may read. Undefined when it names none at all. */
export async function requireLayers(arns: readonly string[] | undefined, place: Place, call: Call, { store }: Pick<LambdaContext, 'store'>): Promise<readonly LayerUse[] | undefined> {
  if (arns === undefined) return undefined;
  const references = parseLayers(arns, place);
  const uses: LayerUse[] = [];
  for (const reference of references) {
    const arn = layerVersionArn(reference, reference.version);
    if (isBuiltIn(reference)) {
      uses.push({ arn });
      continue;
    }
    await call.authorise(await accessToLayerVersion(reference, call, store));
    const row = await store.read((tx) => findLayerVersion(tx, reference, reference.name, reference.version));
    if (row === undefined) throw errors.layerVersionMissing(arn);
    uses.push({ arn, code: row.code });
  }
  return uses;
}

/** Policies may say which layers a function is given: `lambda:Layer`, in the service authorization reference. */
export function withLayerCondition(request: AccessRequest, arns: readonly string[] | undefined): AccessRequest {
  return arns === undefined || arns.length === 0 ? request : { ...request, conditions: { ...request.conditions, 'lambda:Layer': arns } };
}

function parseLayers(arns: readonly string[], place: Place): LayerVersionReference[] {
  if (arns.length > layersMax) throw errors.invalidParameter(`Cannot reference more than ${layersMax} layers.`);
  const seen = new Map<string, string>();
  return arns.map((text) => {
    const reference = parseLayerVersionArn(text);
    if (reference === undefined) throw errors.layerVersionMissing(text);
    const arn = layerVersionArn(reference, reference.version);
    if (reference.region !== place.region) {
      throw errors.invalidParameter(`Layers are not in the same region as the function. Layers are expected to be in region ${place.region}.`);
    }
    const twin = seen.get(layerArn(reference));
    if (twin !== undefined) {
      throw errors.invalidParameter(
        `Two different versions of the same layer are not allowed to be referenced in the same function. ${twin} and ${arn} are versions of the same layer.`,
      );
    }
    seen.set(layerArn(reference), arn);
    return reference;
  });
}

/** In the transaction that gives them to a function: what has been deleted meanwhile cannot be had any more. */
export async function confirmLayers(tx: Transaction, uses: readonly LayerUse[] | undefined): Promise<void> {
  for (const { arn, code } of uses ?? []) {
    const reference = parseLayerVersionArn(arn);
    if (code === undefined || reference === undefined) continue;
    const row = await findLayerVersion(tx, reference, reference.name, reference.version);
    if (row?.code.blobId !== code.blobId) throw errors.layerVersionMissing(arn);
  }
}

/** Quotas: 250 MB unzipped, layers included. */
export function requireCombinedSize({ code, layers = [] }: Pick<VersionRow, 'code' | 'layers'>): void {
  if (layers.length === 0) return;
  const bytesOf = (part: CodeReference | undefined): number => part?.unzippedBytes ?? 0;
  const bytes = bytesOf(code) + layers.reduce((sum, layer) => sum + bytesOf(layer.code), 0);
  if (bytes > unzippedBytesMax) {
    throw errors.invalidParameter(`Function code combined with layers exceeds the maximum allowed size of ${unzippedBytesMax} bytes. The actual size is ${bytes} bytes.`);
  }
}
