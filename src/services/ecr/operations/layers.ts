import type { Layer, LayerFailure } from '@aws-sdk/client-ecr';
import { sealToken } from '../domain/token.ts';
import { errors } from '../errors.ts';
import { addPart, beginUpload, completeUpload } from '../layers.ts';
import { downloadMs, layerPartBytesAdvised, layerPartBytesMax } from '../limits.ts';
import { accessTo, operation, requireRepository, scopeOf } from '../operation.ts';
import { layers } from '../store.ts';
import { isDigest } from '../domain/manifest.ts';

export const batchCheckLayerAvailability = operation('BatchCheckLayerAvailability', {
  access: accessTo('BatchCheckLayerAvailability'),
  async handle({ repositoryName: name = '', registryId, layerDigests = [] }, call, { store }) {
    const scope = scopeOf(call, registryId);
    return store.read(async (tx) => {
      const { row } = await requireRepository(tx, scope, name);
      const found: Layer[] = [];
      const failures: LayerFailure[] = [];
      for (const layerDigest of layerDigests) {
        if (!isDigest(layerDigest)) {
          failures.push({ layerDigest, failureCode: 'InvalidLayerDigest', failureReason: 'Invalid layer digest' });
          continue;
        }
        const layer = await layers.get(tx, scope, [row.id, layerDigest]);
        found.push({ layerDigest, layerAvailability: layer ? 'AVAILABLE' : 'UNAVAILABLE', ...(layer ? { layerSize: layer.bytes } : {}) });
      }
      return { layers: found, failures };
    });
  },
});

export const initiateLayerUpload = operation('InitiateLayerUpload', {
  access: accessTo('InitiateLayerUpload'),
  async handle({ repositoryName: name = '', registryId }, call, deps) {
    return { uploadId: await beginUpload({ scope: scopeOf(call, registryId), name }, call.nowMs, deps), partSize: layerPartBytesAdvised };
  },
});

export const uploadLayerPart = operation('UploadLayerPart', {
  access: accessTo('UploadLayerPart'),
  async handle({ repositoryName: name = '', registryId, uploadId = '', partFirstByte, partLastByte, layerPartBlob = new Uint8Array() }, call, deps) {
    const scope = scopeOf(call, registryId);
    if (layerPartBlob.length > layerPartBytesMax) throw errors.invalidParameter(`'layerPartBlob' failed to satisfy constraint: 'Member must have length less than or equal to ${layerPartBytesMax}'`);
    const refuse = (bytes: number): Error => errors.invalidLayerPart(uploadId, scope.account, name, bytes - 1);
    const bytes = await addPart({ scope, name, uploadId }, { body: layerPartBlob, firstByte: partFirstByte, lastByte: partLastByte, nowMs: call.nowMs, refuse }, deps);
    return { registryId: scope.account, repositoryName: name, uploadId, lastByteReceived: bytes - 1 };
  },
});

export const completeLayerUpload = operation('CompleteLayerUpload', {
  access: accessTo('CompleteLayerUpload'),
  async handle({ repositoryName: name = '', registryId, uploadId = '', layerDigests = [] }, call, deps) {
    const scope = scopeOf(call, registryId);
    const [digest = ''] = layerDigests;
    if (layerDigests.length !== 1 || !isDigest(digest)) throw errors.invalidParameter("'layerDigests' failed to satisfy constraint: 'One SHA-256 digest of the layer'");
    await completeUpload({ scope, name, uploadId }, { digest, nowMs: call.nowMs, isStrict: true }, deps);
    return { registryId: scope.account, repositoryName: name, uploadId, layerDigest: digest };
  },
});

export const getDownloadUrlForLayer = operation('GetDownloadUrlForLayer', {
  access: accessTo('GetDownloadUrlForLayer'),
  async handle({ repositoryName: name = '', registryId, layerDigest = '' }, call, { store, sealKey, random }) {
    const scope = scopeOf(call, registryId);
    const found = await store.read(async (tx) => {
      const repository = await requireRepository(tx, scope, name);
      return { repository, layer: await layers.get(tx, scope, [repository.row.id, layerDigest]) };
    });
    if (found.layer === undefined) throw errors.layersUnavailable(layerDigest, name, scope.account);
    const token = sealToken({ kind: 'download', ...scope, repositoryId: found.repository.row.id, digest: layerDigest, expiresAtMs: call.nowMs + downloadMs }, sealKey, random);
    // DEVIATION: the link leads to this server, not to a bucket of S3.
    return { downloadUrl: `${call.endpoint}/v2/${name}/blobs/${layerDigest}?ecr-token=${token}`, layerDigest };
  },
});
