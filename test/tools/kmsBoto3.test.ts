// KMS through boto3, of today and of some years ago.

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { requirePythonPackages } from '../support/pythonPackages.ts';
import { runCommand } from '../support/runCommand.ts';
import { startTestServer } from '../support/testServer.ts';

const program = `
import boto3, sys
kms = boto3.client('kms', endpoint_url=sys.argv[1], region_name='us-east-1', aws_access_key_id='test', aws_secret_access_key='test')
key = kms.create_key(Description='walk', Tags=[{'TagKey': 'a', 'TagValue': 'b'}])['KeyMetadata']
data = kms.generate_data_key(KeyId=key['KeyId'], KeySpec='AES_256', EncryptionContext={'a': 'b'})
assert kms.decrypt(CiphertextBlob=data['CiphertextBlob'], EncryptionContext={'a': 'b'})['Plaintext'] == data['Plaintext']
mac = kms.create_key(KeySpec='HMAC_256', KeyUsage='GENERATE_VERIFY_MAC')['KeyMetadata']['Arn']
made = kms.generate_mac(KeyId=mac, Message=b'm', MacAlgorithm='HMAC_SHA_256')['Mac']
assert kms.verify_mac(KeyId=mac, Message=b'm', MacAlgorithm='HMAC_SHA_256', Mac=made)['MacValid']
kms.disable_key(KeyId=key['KeyId'])
try:
    kms.encrypt(KeyId=key['KeyId'], Plaintext=b'x')
except kms.exceptions.DisabledException as refused:
    assert str(refused).endswith(key['Arn'] + ' is disabled.'), refused
assert key['Arn'] in [each['KeyArn'] for page in kms.get_paginator('list_keys').paginate(PaginationConfig={'PageSize': 1}) for each in page['Keys']]
print('walked', end='')
`;

suite('boto3: kms', { concurrency: 1 }, async () => {
  for (const version of ['1.44.5', '1.26.165']) {
    const python = await requirePythonPackages('boto3', [`boto3==${version}`]);
    const missing = typeof python === 'string' ? false : python.missing;
    test(`boto3 ${version}`, { skip: missing }, async () => {
      if (typeof python !== 'string') return;
      const server = await startTestServer();
      try {
        const { stdout, stderr } = await runCommand(python, ['-c', program, server.endpoint], { timeoutMs: 150_000 });
        assert.equal(stdout, 'walked', stderr);
      } finally {
        await server.stop();
      }
    });
  }
});
