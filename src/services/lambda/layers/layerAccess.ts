import type { AccessRequest, Call } from '../../../framework/context.ts';
import type { Store } from '../../../kv/store.ts';
import { layerVersionArn } from './layerName.ts';
import type { LayerVersionReference } from './layerName.ts';
import { findLayerPolicy } from './layerStore.ts';

/** The permission to read a layer version, which its own policy may give to other accounts. */
export async function accessToLayerVersion(reference: LayerVersionReference, call: Call, store: Store, action = 'lambda:GetLayerVersion'): Promise<AccessRequest> {
  const request = { action, resource: layerVersionArn(reference, reference.version) };
  if (call.caller.kind === 'root' && call.caller.account === reference.account) return request;
  const policy = await store.read((tx) => findLayerPolicy(tx, reference, reference.name, reference.version));
  return policy === undefined ? request : { ...request, resourcePolicy: policy.document };
}
