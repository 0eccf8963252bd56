// What KMS Encrypt of 4 KB takes, as a part of a bare node:http JSON server in the same run. `npm run bench -- kms [--quick]`.

import { CreateKeyCommand, DecryptCommand, EncryptCommand } from '@aws-sdk/client-kms';
import { sdkClients } from '../test/support/sdkClients.ts';
import { startServerProcess } from '../test/support/serverProcess.ts';
import { loadHttp, postRequest, type LoadResult } from './support/loadHttp.ts';
import { median, report } from './support/report.ts';
import { startYardstick } from './support/yardstick.ts';

const quick = process.argv.includes('--quick');
const runs = quick ? 1 : 5;
const load = { connections: 16, requests: quick ? 3_000 : 20_000, millisecondsMax: 4_000 };

const yardstick = await startYardstick();
const server = await startServerProcess();
const { kms, destroy } = sdkClients(server.endpoint);
try {
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  const KeyId = KeyMetadata?.KeyId ?? '';
  const plaintext = Buffer.alloc(4_096, 'haneul');
  const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId, Plaintext: plaintext }));
  await kms.send(new DecryptCommand({ CiphertextBlob }));
  const body = JSON.stringify({ KeyId, Plaintext: plaintext.toString('base64') });
  const paths = [
    { name: 'yardstick json', port: yardstick.port, request: postRequest('/json', body, 'kms') },
    { name: 'kms Encrypt 4 KB', port: server.port, request: kmsRequest('Encrypt', body) },
    { name: 'kms Decrypt 4 KB', port: server.port, request: kmsRequest('Decrypt', JSON.stringify({ CiphertextBlob: Buffer.from(CiphertextBlob ?? []).toString('base64') })) },
  ];
  const results = new Map<string, LoadResult[]>(paths.map(({ name }) => [name, []]));
  for (let run = 0; run < runs; run += 1) {
    for (const { name, ...path } of paths) {
      await loadHttp({ ...path, connections: 16, requests: 2_000, millisecondsMax: 5_000 });
      results.get(name)?.push(await loadHttp({ ...path, ...load }));
    }
  }
  const of = (name: string, pick: (result: LoadResult) => number): number => median((results.get(name) ?? []).map(pick));
  const base = of('yardstick json', ({ perSecond }) => perSecond);
  report(
    'kms',
    paths.map(({ name }) => ({
      path: name,
      'p50 us': of(name, ({ p50Microseconds }) => p50Microseconds),
      'p99 us': of(name, ({ p99Microseconds }) => p99Microseconds),
      'c=16 per s': of(name, ({ perSecond }) => perSecond),
      'of json': (of(name, ({ perSecond }) => perSecond) / base).toFixed(2),
      failed: of(name, ({ failed }) => failed),
    })),
    [`median of ${runs} runs; the aim is 0.30 for Encrypt`],
  );
} finally {
  destroy();
  await yardstick.stop();
  await server.stop();
}

function kmsRequest(operation: string, body: string): Buffer {
  const [head = '', ...rest] = postRequest('/', body, 'kms').toString('latin1').split('\r\n\r\n');
  return Buffer.from(`${head.replace('content-type: application/json', `content-type: application/x-amz-json-1.1\r\nx-amz-target: TrentService.${operation}`)}\r\n\r\n${rest.join('\r\n\r\n')}`, 'latin1');
}
