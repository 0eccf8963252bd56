// What an object costs at 64 connections, durable on disk: putting and getting 1 KB, listing 1,000 keys among many, and reading 256 MB
// beside a bare stream from a file to a socket; against the JSON yardstick of the same run, and beside the syncs that the disk makes.
// The many keys are put straight into the store, as PutObject would have written them, before the server starts.
// `npm run bench -- s3 [--quick | --long]`.

import { createReadStream, writeFileSync } from 'node:fs';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { wallClock } from '../src/base/clock.ts';
import { createLogger } from '../src/base/log.ts';
import { cryptoRandom } from '../src/base/random.ts';
import { openEmbeddedStore } from '../src/kv/drivers/embedded/openEmbeddedStore.ts';
import { addToCount, everywhere, objects, requireBucket } from '../src/services/s3/store.ts';
import { sdkConfig } from '../test/support/sdkClients.ts';
import { startServerProcess } from '../test/support/serverProcess.ts';
import { bySize } from './support/extent.ts';
import { signedHeaders, wholeRequest } from './support/loadHttp.ts';
import { measureLoad } from './support/measureLoad.ts';
import { median } from './support/report.ts';

const keys = bySize({ quick: 20_000, usual: 1_000_000, long: 1_000_000 });
const keysAtOnce = 5_000;
const largeBytes = bySize({ quick: 64, usual: 256, long: 256 }) * 1024 * 1024;
const small = 'x'.repeat(1_024);
const Bucket = 'bench';
const ratios: number[] = [];

const headers = (): Record<string, string> => ({ ...signedHeaders('s3'), 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' });
const keyOf = (number: number): string => `many/${String(number).padStart(9, '0')}`;

await measureLoad({
  title: 's3',
  connections: 64,
  yardstickBody: { body: small },
  prepareData: putMany,
  async setUp({ server: { endpoint }, folder }) {
    const client = new S3Client({ ...sdkConfig(endpoint), forcePathStyle: true });
    await client.send(new PutObjectCommand({ Bucket, Key: 'large', Body: Buffer.alloc(largeBytes, 'large') }));
    client.destroy();
    const file = join(folder, 'large');
    writeFileSync(file, Buffer.alloc(largeBytes, 'large'));
    return file;
  },
  async measure({ server: { endpoint }, load }, file, run) {
    let put = 0;
    await load('put 1 KB', () => wholeRequest(`PUT /${Bucket}/small/${run}/${(put += 1)}`, headers(), small));
    let got = 0;
    await load('get 1 KB', () => wholeRequest(`GET /${Bucket}/small/${run}/${((got += 1) % put) + 1}`, headers()));
    const listing = wholeRequest(`GET /${Bucket}?list-type=2&prefix=many/&start-after=${keyOf(Math.floor(keys / 2))}`, headers());
    await load('list 1,000 keys', listing, { connections: 1, requests: 50 });
    ratios.push((await bareMilliseconds(file)) / (await readMilliseconds(`${endpoint}/${Bucket}/large`)));
  },
  notes: () => [
    `listing at 1 connection, among ${keys} keys`,
    `get of ${largeBytes / 1024 / 1024} MB: ${median(ratios).toFixed(2)} of a bare stream from a file to a socket`,
  ],
});

/** One key by the API, all others as rows like its own. */
async function putMany(dataFolder: string): Promise<void> {
  const server = await startServerProcess({ dataFolder });
  const client = new S3Client({ ...sdkConfig(server.endpoint), forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket }));
  await client.send(new PutObjectCommand({ Bucket, Key: keyOf(0), Body: '' }));
  client.destroy();
  await server.stop();
  process.stderr.write(`haneul bench: ${keys} keys …\n`);
  const store = await openEmbeddedStore({ folder: join(dataFolder, 'store'), clock: wallClock, random: cryptoRandom, log: createLogger(() => undefined) });
  for (let at = 1; at < keys; at += keysAtOnce) {
    await store.transact(async (tx) => {
      const bucket = await requireBucket(tx, Bucket);
      const like = await objects.get(tx, everywhere, [bucket.id, keyOf(0)]);
      if (!like) throw new Error('the first key is not where S3 keeps its objects');
      const count = Math.min(keysAtOnce, keys - at);
      for (let number = at; number < at + count; number += 1) objects.set(tx, everywhere, [bucket.id, keyOf(number)], like);
      addToCount(tx, bucket, count);
    });
  }
  await store.close();
}

async function bareMilliseconds(file: string): Promise<number> {
  const bare = createServer((_incoming, outgoing) => void createReadStream(file).pipe(outgoing)).listen(0, '127.0.0.1');
  await new Promise((resolve) => bare.once('listening', resolve));
  const milliseconds = await readMilliseconds(`http://127.0.0.1:${(bare.address() as AddressInfo).port}/`);
  bare.close();
  return milliseconds;
}

function readMilliseconds(address: string): Promise<number> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    get(address, { headers: headers() }, (answer) => answer.on('data', () => undefined).on('end', () => resolve(performance.now() - startedAt))).on('error', reject);
  });
}
