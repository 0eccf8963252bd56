// S3 through boto3 with buckets in the host's name (addressing_style=virtual), of today and of some years ago.

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { requirePythonPackages } from '../support/pythonPackages.ts';
import { runCommand } from '../support/runCommand.ts';
import { startTestServer } from '../support/testServer.ts';

const program = `
import boto3, socket, sys
from botocore.config import Config
# Names below localhost are this machine, which not every resolver knows.
resolve = socket.getaddrinfo
socket.getaddrinfo = lambda host, *rest, **more: resolve('127.0.0.1' if host.endswith('localhost') else host, *rest, **more)
port = sys.argv[1].rsplit(':', 1)[1]
for host in ('s3.localhost', 'localhost', 's3.us-east-1.localhost'):
    hosts = []
    s3 = boto3.client('s3', endpoint_url='http://%s:%s' % (host, port), region_name='us-east-1', aws_access_key_id='test', aws_secret_access_key='test', config=Config(s3={'addressing_style': 'virtual'}))
    s3.meta.events.register('before-send.s3', lambda request, **more: hosts.append(request.url))
    bucket = 'virtual-' + host.replace('.', '-')
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key='a b/c', Body=host.encode())
    assert s3.get_object(Bucket=bucket, Key='a b/c')['Body'].read() == host.encode()
    assert [each['Key'] for each in s3.list_objects_v2(Bucket=bucket)['Contents']] == ['a b/c']
    assert hosts[-1].startswith('http://%s.%s:' % (bucket, host)), hosts
print('walked', end='')
`;

suite('boto3: virtual hosts', { concurrency: 1 }, async () => {
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
