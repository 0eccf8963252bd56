import { createFakeClock, type MovableClock } from '../../base/clock.ts';
import { InvariantError } from '../../base/errors.ts';
import { silentLogger } from '../../base/log.ts';
import { createSeededRandom } from '../../base/random.ts';
import { openMemoryBlobStore } from '../../blob/memoryBlobStore.ts';
import type { BlobStore } from '../../blob/blobStore.ts';
import type { Input, OperationName, Output } from '../../framework/shapes.ts';
import { testCall } from '../../framework/testing/testCall.ts';
import { openMemoryStore } from '../../kv/drivers/memory/openMemoryStore.ts';
import type { Store } from '../../kv/store.ts';
import { createTimers } from '../../kv/timers.ts';
import { createEcr, type Ecr } from './createEcr.ts';
import { sha256Of } from './layers.ts';

type Client = typeof import('@aws-sdk/client-ecr');
type Name = OperationName<Client> & string;

export interface TestEcr extends Ecr {
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly clock: MovableClock;
  run<N extends Name>(name: N, input: Input<Client, N>, region?: string): Promise<Output<Client, N>>;
  /** Uploads the one layer and the configuration of an image and answers its manifest. */
  prepareImage(repositoryName: string, marker: string): Promise<string>;
}

/** For tests: the service on a store in memory, with a clock that stands still. */
export function createTestEcr(): TestEcr {
  const clock = createFakeClock();
  const random = createSeededRandom(1);
  const store = openMemoryStore({ clock, random });
  const blobs = openMemoryBlobStore({ random });
  const timers = createTimers({ store, clock, wall: createFakeClock(), log: silentLogger });
  const ecr = createEcr({ store, blobs, clock, random, timers, sealKey: random.bytes(32) });
  timers.start();
  const run: TestEcr['run'] = async (name, input, region = 'us-east-1') => {
    const operation = ecr.service.find(name);
    if (!operation) throw new InvariantError('the operation is not registered in service.ts', { name });
    const call = testCall({ region, nowMs: clock.now() });
    if (operation.access !== 'public') await operation.access(input as object, call);
    return (await operation.handle(input as object, call)) as never;
  };

  async function upload(repositoryName: string, body: Buffer): Promise<object> {
    const digest = sha256Of(body);
    const { layers } = await run('BatchCheckLayerAvailability', { repositoryName, layerDigests: [digest] });
    if (layers?.[0]?.layerAvailability !== 'AVAILABLE') {
      const { uploadId = '' } = await run('InitiateLayerUpload', { repositoryName });
      await run('UploadLayerPart', { repositoryName, uploadId, partFirstByte: 0, partLastByte: body.length - 1, layerPartBlob: body });
      await run('CompleteLayerUpload', { repositoryName, uploadId, layerDigests: [digest] });
    }
    return { mediaType: 'application/octet-stream', digest, size: body.length };
  }

  return {
    ...ecr, store, blobs, clock, run,
    async prepareImage(repositoryName, marker) {
      const config = await upload(repositoryName, Buffer.from(JSON.stringify({ marker })));
      const layer = await upload(repositoryName, Buffer.from(`layer ${marker}`));
      return JSON.stringify({ schemaVersion: 2, mediaType: 'application/vnd.oci.image.manifest.v1+json', config, layers: [layer] });
    },
  };
}
