import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServiceError } from '../base/errors.ts';
import { codecOf } from './codecs.ts';
import { loadModel } from './model.ts';
import type { OperationModel } from './model.ts';
import { parseXml } from './xmlTree.ts';

const s3 = loadModel('s3');
const meta = { requestId: 'id-1' };
const codec = codecOf('restXml');

function operationOf(name: string): OperationModel {
  const operation = s3.findOperation(name);
  assert.ok(operation);
  return operation;
}

function parse(name: string, body: string, headers: Record<string, string> = {}, query = ''): Record<string, unknown> {
  return codec.parseInput(operationOf(name), { method: 'PUT', path: '/b/k', query, headers }, { Bucket: 'b', Key: 'k%20l' }, Buffer.from(body)) as Record<string, unknown>;
}

test('parseInput reads the XML bodies of S3, whatever prefix and namespace they use', () => {
  const body = '<?xml version="1.0"?><x:Delete xmlns:x="http://s3.amazonaws.com/doc/2006-03-01/"><x:Object><Key>a&amp;b</Key></x:Object><Object><Key><![CDATA[<c>]]></Key></Object><Quiet> true </Quiet></x:Delete>';
  assert.deepEqual(parse('DeleteObjects', body)['Delete'], { Objects: [{ Key: 'a&b' }, { Key: '<c>' }], Quiet: true });
  const acl =
    '<AccessControlPolicy><AccessControlList><Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="Group"><URI>u</URI></Grantee><Permission>READ</Permission></Grant></AccessControlList></AccessControlPolicy>';
  assert.deepEqual(parse('PutBucketAcl', acl)['AccessControlPolicy'], { Grants: [{ Grantee: { Type: 'Group', URI: 'u' }, Permission: 'READ' }] });
});

test('parseInput reads keys, metadata and dates of PutObject, and leaves a streamed body alone', () => {
  const input = codec.parseInput(
    operationOf('PutObject'),
    { method: 'PUT', path: '/b/k', query: '', headers: { 'x-amz-meta-a': '1', expires: 'Wed, 21 Oct 2015 07:28:00 GMT', 'content-length': '3' } },
    { Bucket: 'b', Key: 'a/b%2Bc' },
    undefined,
  ) as Record<string, unknown>;
  assert.deepEqual(input, { Bucket: 'b', Key: 'a/b+c', Metadata: { a: '1' }, Expires: 'Wed, 21 Oct 2015 07:28:00 GMT', ContentLength: 3 });
});

test('parseInput refuses what is not well-formed, declares a document type or has the wrong form', () => {
  const bodies = [
    '<Delete>', '<Delete></Other>', '<Delete/><Delete/>', 'text', '<Delete>&nope;</Delete>', '<Delete>&amp</Delete>', '<!DOCTYPE x [<!ENTITY a "b">]><Delete/>',
    '<Delete a=b/>', `${'<a>'.repeat(1000)}${'</a>'.repeat(1000)}`, '<Delete><Quiet>maybe</Quiet></Delete>', '<Delete><Object><Key><x/></Key></Object></Delete>', '<', '<!--', '<![CDATA[x]]>', '<a>&#x110000;</a>',
  ];
  for (const body of bodies) {
    assert.throws(() => parse('DeleteObjects', body), (error) => error instanceof ServiceError && error.code === 'MalformedXML' && error.status === 400, body.slice(0, 60));
  }
});

test('parseXml takes linear time on hostile input', () => {
  const started = performance.now();
  for (const text of ['<a '.repeat(50_000), `<a ${'b="c" '.repeat(50_000)}`, `<a>${'&'.repeat(100_000)}</a>`, `<a ${' '.repeat(100_000)}`, `<${'a'.repeat(200_000)}`]) assert.equal(parseXml(text), undefined);
  assert.ok(performance.now() - started < 2_000);
});

test('formatOutput writes S3 documents with their root, namespace and flattened lists', () => {
  const listed = codec.formatOutput(operationOf('ListObjectsV2'), { Name: 'b', KeyCount: 1, Contents: [{ Key: 'a<', Size: 1, LastModified: new Date(0) }], IsTruncated: false }, meta);
  assert.equal(
    listed.body,
    '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><IsTruncated>false</IsTruncated><Contents><Key>a&lt;</Key><LastModified>1970-01-01T00:00:00Z</LastModified><Size>1</Size></Contents><Name>b</Name><KeyCount>1</KeyCount></ListBucketResult>',
  );
  assert.deepEqual(listed.headers, { 'x-amz-request-id': 'id-1', 'x-amz-id-2': 'aWQtMQ==', 'Content-Type': 'application/xml' });
  const location = codec.formatOutput(operationOf('GetBucketLocation'), { LocationConstraint: 'eu-west-1' }, meta);
  assert.match(String(location.body), /^<\?xml[^>]*>\n<LocationConstraint xmlns="[^"]*">eu-west-1<\/LocationConstraint>$/);
  const acl = codec.formatOutput(operationOf('GetBucketAcl'), { Grants: [{ Grantee: { Type: 'CanonicalUser', ID: 'i' }, Permission: 'READ' }] }, meta);
  assert.match(String(acl.body), /<AccessControlList><Grant><Grantee xmlns:xsi="http:\/\/www.w3.org\/2001\/XMLSchema-instance" xsi:type="CanonicalUser"><ID>i<\/ID><\/Grantee>/);
  const got = codec.formatOutput(operationOf('GetObject'), { Body: Buffer.from('x'), ContentType: 'text/plain', Metadata: { a: '1' }, LastModified: new Date(0) }, meta);
  assert.deepEqual([got.headers['Content-Type'], got.headers['x-amz-meta-a'], got.headers['Last-Modified']], ['text/plain', '1', 'Thu, 01 Jan 1970 00:00:00 GMT']);
});

test('formatError writes S3 errors unwrapped, with the facts that go with them', () => {
  const answer = codec.formatError(s3, undefined, new ServiceError('NoSuchKey', 'The specified key does not exist.', { status: 404, members: { Key: 'k&' } }), meta);
  assert.equal(answer.status, 404);
  assert.equal(
    answer.body,
    '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message><Key>k&amp;</Key><RequestId>id-1</RequestId><HostId>aWQtMQ==</HostId></Error>',
  );
});
