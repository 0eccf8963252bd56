// Forms of requests that clients send besides the plain one, end to end: presigned, chunked, compressed, announced.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { suite, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { createChecksum } from '../../src/wire/checksums.ts';
import { presignUrl, signRequest } from '../../src/wire/sigv4.ts';
import { createLimitedUser } from '../support/limitedUser.ts';
import { openIdle, requestHead, sendOne } from '../support/rawHttp.ts';
import { useServer } from '../support/useServer.ts';

const scene = useServer();
const port = (): number => Number(new URL(scene().server.endpoint).port);
const everything = [{ Effect: 'Allow', Action: '*', Resource: '*' }] as const;

interface Key {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

async function createKey(): Promise<Key & { readonly arn: string }> {
  const { arn, clients } = await createLimitedUser(scene(), everything);
  const { accessKeyId, secretAccessKey } = await clients.sts.config.credentials();
  clients.destroy();
  return { arn, accessKeyId, secretAccessKey };
}

suite('presigned requests', () => {
  const presign = (key: Key, nowMs: number): string =>
    presignUrl(
      { method: 'GET', url: `${scene().server.endpoint}/?Action=GetCallerIdentity&Version=2011-06-15`, service: 'sts', region: 'us-east-1', nowMs, expiresSeconds: 60 },
      key,
    );

  test('with signature version 4 act as their signer, and only as signed', async () => {
    const key = await createKey();
    const url = presign(key, Date.now());
    const answer = await fetch(url);
    const text = await answer.text();
    assert.equal(answer.status, 200, text);
    assert.ok(text.includes(`<Arn>${key.arn}</Arn>`), text);
    const changed = await fetch(url.replace('Action=GetCallerIdentity', 'Action=GetSessionToken'));
    assert.equal(changed.status, 403);
    assert.match(await changed.text(), /<Code>SignatureDoesNotMatch<\/Code>/);
  });
  test('with signature version 4 expire', async () => {
    const answer = await fetch(presign(await createKey(), Date.now() - 61_000));
    assert.equal(answer.status, 403);
    assert.match(await answer.text(), /<Code>SignatureDoesNotMatch<\/Code><Message>Signature expired: /);
  });
  // boto3 presigns S3 this way by default. S3 user guide, "Signing and authenticating REST requests", query string alternative.
  test('with signature version 2 are verified before anything else is said', async () => {
    const key = await createKey();
    const sign = (secret: string, expires: number): string => {
      const signature = createHmac('sha1', secret).update(`GET\n\n\n${expires}\n/bucket/key`).digest('base64');
      return `${scene().server.endpoint}/bucket/key?AWSAccessKeyId=${key.accessKeyId}&Signature=${encodeURIComponent(signature)}&Expires=${expires}`;
    };
    const later = Math.floor(Date.now() / 1_000) + 60;
    const codeOf = async (url: string): Promise<string | undefined> => /<Code>(\w+)<\/Code>/.exec(await (await fetch(url)).text())?.[1];
    assert.notEqual(await codeOf(sign(key.secretAccessKey, later)), 'SignatureDoesNotMatch');
    assert.notEqual(await codeOf(sign(key.secretAccessKey, later)), 'AccessDenied');
    assert.equal(await codeOf(sign('another secret', later)), 'SignatureDoesNotMatch');
    assert.equal(await codeOf(sign(key.secretAccessKey, later - 3_600)), 'AccessDenied');
  });
});

suite('bodies that were wrapped on their way', () => {
  const target = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'Logs_20140328.DescribeLogGroups' };
  const post = async (key: Key, body: Buffer, headers: Record<string, string>): Promise<{ status: number; text: string }> => {
    const url = `${scene().server.endpoint}/`;
    const signed = signRequest({ method: 'POST', url, headers: { ...target, ...headers }, body, service: 'logs', region: 'us-east-1', nowMs: Date.now() }, key);
    const answer = await fetch(url, { method: 'POST', headers: signed, body: new Uint8Array(body) });
    return { status: answer.status, text: await answer.text() };
  };

  test('a compressed document is read', async () => {
    const key = await createKey();
    const { status, text } = await post(key, gzipSync('{"limit":1}'), { 'content-encoding': 'gzip' });
    assert.equal(status, 200, text);
    const refused = await post(key, gzipSync('{"limit":0}'), { 'content-encoding': 'gzip' });
    assert.match(refused.text, /at 'limit' failed to satisfy constraint/);
  });
  test('a compressed form is read', async () => {
    const body = gzipSync('Action=GetCallerIdentity&Version=2011-06-15');
    const head = requestHead('POST /', 'sts', { 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Encoding': 'gzip', 'Content-Length': body.length });
    assert.match((await sendOne(port(), Buffer.concat([Buffer.from(head), body]))).body, /<Arn>arn:aws:iam::000000000000:root<\/Arn>/);
  });
  test('what is not compressed as it says, or grows without measure, is refused', async () => {
    const key = await createKey();
    const broken = await post(key, Buffer.from('{"limit":1}'), { 'content-encoding': 'gzip' });
    assert.equal(broken.status, 400);
    assert.match(broken.text, /SerializationException/);
    const bomb = await post(key, gzipSync(Buffer.alloc(64 * 1024 * 1024, 0x20)), { 'content-encoding': 'gzip' });
    assert.equal(bomb.status, 413, bomb.text);
  });

  // S3 API reference, "Transferring payload in multiple chunks": signed with a payload hash that says how the body is made.
  const postChunked = async (key: Key, data: string, trailer: string, change: (body: string) => string = (body) => body): Promise<string> => {
    const headers: Record<string, string> = {
      ...target,
      'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
      'x-amz-decoded-content-length': String(data.length),
      'x-amz-trailer': 'x-amz-checksum-crc32',
      'content-encoding': 'aws-chunked',
    };
    const body = change(`${data.length.toString(16)}\r\n${data}\r\n0\r\nx-amz-checksum-crc32:${trailer}\r\n\r\n`);
    const url = `${scene().server.endpoint}/`;
    const signed = signRequest({ method: 'POST', url, headers, payloadHash: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER', service: 'logs', region: 'us-east-1', nowMs: Date.now() }, key);
    const answer = await fetch(url, { method: 'POST', headers: signed, body });
    return `${answer.status} ${await answer.text()}`;
  };

  test('an aws-chunked body is taken apart, and its trailing checksum verified', async () => {
    const key = await createKey();
    const checksum = createChecksum('crc32');
    checksum.update(Buffer.from('{"limit":1}'));
    const value = checksum.digest();
    assert.match(await postChunked(key, '{"limit":1}', value), /^200 /);
    assert.match(await postChunked(key, '{"limit":2}', value), /^400 .*BadDigest.*The CRC32 you specified did not match the calculated checksum\./);
    assert.match(await postChunked(key, '{"limit":1}', value, (body) => body.slice(0, 10)), /^400 .*IncompleteBody/);
  });
});

suite('Expect: 100-continue', { timeout: 20_000 }, () => {
  const body = 'Action=GetCallerIdentity&Version=2011-06-15';
  const form = { 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Length': body.length, Expect: '100-continue' };

  const exchange = async (head: string): Promise<string> => {
    const socket = await openIdle(port());
    let text = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
      if (text === 'HTTP/1.1 100 Continue\r\n\r\n') socket.write(body);
    });
    const ended = once(socket, 'close');
    socket.write(head);
    await ended;
    return text;
  };

  test('is answered once the head has been accepted', async () => {
    assert.match(await exchange(requestHead('POST /', 'sts', form)), /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /);
  });
  test('is not answered when the head is refused: the body is never sent', async () => {
    assert.match(await exchange(requestHead('POST /', 'sts', { ...form, Host: 'evil.example' })), /^HTTP\/1\.1 403 /);
    const invocation = 'POST /2015-03-31/functions/absent/invocations';
    assert.match(await exchange(requestHead(invocation, 'lambda', { ...form, Authorization: 'AWS4-HMAC-SHA256 nonsense' })), /^HTTP\/1\.1 403 /);
    assert.match(await exchange(requestHead(invocation, 'lambda', { ...form, 'Content-Length': 64 * 1024 * 1024 })), /^HTTP\/1\.1 413 /);
  });
});
