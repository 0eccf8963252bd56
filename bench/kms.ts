// What encrypting and decrypting 4 KB costs at 16 connections, against the JSON yardstick of the same run: the aim is 0.30 of it.
// `npm run bench -- kms [--quick | --long]`.

import { CreateKeyCommand, EncryptCommand } from '@aws-sdk/client-kms';
import { sdkClients } from '../test/support/sdkClients.ts';
import { jsonRequest } from './support/loadHttp.ts';
import { measureLoad } from './support/measureLoad.ts';

const plaintext = Buffer.alloc(4_096, 'haneul');
const base64 = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('base64');

await measureLoad({
  title: 'kms',
  connections: 16,
  yardstickBody: { KeyId: '0'.repeat(36), Plaintext: base64(plaintext) },
  async setUp({ server, warmUp }) {
    const { kms, destroy } = sdkClients(server.endpoint);
    const { KeyMetadata: { KeyId = '' } = {} } = await kms.send(new CreateKeyCommand({}));
    const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId, Plaintext: plaintext }));
    destroy();
    const requests = {
      'Encrypt 4 KB': jsonRequest('kms', 'TrentService.Encrypt', { KeyId, Plaintext: base64(plaintext) }),
      'Decrypt 4 KB': jsonRequest('kms', 'TrentService.Decrypt', { CiphertextBlob: base64(CiphertextBlob) }),
      'DescribeKey': jsonRequest('kms', 'TrentService.DescribeKey', { KeyId }),
    };
    for (const request of Object.values(requests)) await warmUp(request);
    return requests;
  },
  async measure({ load }, requests) {
    for (const [name, request] of Object.entries(requests)) await load(name, request);
  },
});
