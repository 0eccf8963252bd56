// Who gets in: policies of users and buckets, access control lists, presigned URLs, browser forms, pages of other origins, websites.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-management.html

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { suite, test } from 'node:test';
import {
  CreateMultipartUploadCommand,
  DeleteBucketPolicyCommand,
  DeletePublicAccessBlockCommand,
  GetObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutBucketAclCommand,
  PutBucketCorsCommand,
  PutBucketPolicyCommand,
  PutBucketWebsiteCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { DeleteUserPolicyCommand } from '@aws-sdk/client-iam';
import { GetSessionTokenCommand } from '@aws-sdk/client-sts';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { createLimitedUser } from '../../support/limitedUser.ts';
import { sdkClients } from '../../support/sdkClients.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';
import { makeBucket, readObject } from './support.ts';

const scene = useServer();
const s3 = () => scene().aws.s3;
const url = (path: string): string => `${scene().server.endpoint}/${path}`;

async function makePublic(Bucket: string, Action: string | string[] = 's3:GetObject'): Promise<void> {
  await s3().send(new DeletePublicAccessBlockCommand({ Bucket }));
  const Resource = [`arn:aws:s3:::${Bucket}`, `arn:aws:s3:::${Bucket}/*`];
  await s3().send(new PutBucketPolicyCommand({ Bucket, Policy: JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: '*', Action, Resource }] }) }));
}

suite('policies', () => {
  test('of a bucket bind root of its own account, but for the policy itself', async () => {
    const Bucket = await makeBucket(s3());
    await s3().send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'x' }));
    const { Credentials } = await scene().aws.sts.send(new GetSessionTokenCommand({}));
    const root = sdkClients(scene().server.endpoint, { accessKeyId: Credentials?.AccessKeyId ?? '', secretAccessKey: Credentials?.SecretAccessKey ?? '', sessionToken: Credentials?.SessionToken ?? '' });
    assert.equal(await readObject(root.s3, Bucket, 'a'), 'x');
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: [`arn:aws:s3:::${Bucket}`, `arn:aws:s3:::${Bucket}/*`] }] });
    await root.s3.send(new PutBucketPolicyCommand({ Bucket, Policy }));
    await expectRefusal(root.s3.send(new GetObjectCommand({ Bucket, Key: 'a' })), { name: 'AccessDenied', status: 403, message: /with an explicit deny in a resource-based policy/ });
    await root.s3.send(new DeleteBucketPolicyCommand({ Bucket }));
    assert.equal(await readObject(root.s3, Bucket, 'a'), 'x');
    root.destroy();
  });
  test('of a user decide on objects, and on listings by prefix', async () => {
    const Bucket = await makeBucket(s3());
    for (const Key of ['mine/a', 'others/b']) await s3().send(new PutObjectCommand({ Bucket, Key, Body: Key }));
    const user = await createLimitedUser(scene(), [
      { Effect: 'Allow', Action: ['s3:GetObject'], Resource: `arn:aws:s3:::${Bucket}/mine/*` },
      { Effect: 'Allow', Action: 's3:ListBucket', Resource: `arn:aws:s3:::${Bucket}`, Condition: { StringLike: { 's3:prefix': 'mine/*' } } },
    ]);
    const { s3: limited } = user.clients;
    assert.equal(await readObject(limited, Bucket, 'mine/a'), 'mine/a');
    const denied = await expectRefusal(limited.send(new GetObjectCommand({ Bucket, Key: 'others/b' })), { name: 'AccessDenied', status: 403 });
    assert.match(denied.message, /is not authorized to perform: s3:GetObject on resource: "?arn:aws:s3:::/);
    assert.equal((await limited.send(new ListObjectsV2Command({ Bucket, Prefix: 'mine/' }))).KeyCount, 1);
    await expectRefusal(limited.send(new ListObjectsV2Command({ Bucket })), { name: 'AccessDenied', status: 403 });
    await expectRefusal(limited.send(new ListBucketsCommand({})), { name: 'AccessDenied', status: 403 });
    await expectRefusal(limited.send(new CreateMultipartUploadCommand({ Bucket, Key: 'mine/c' })), { name: 'AccessDenied', status: 403 });
    // Without permission to list, what is missing looks like what is forbidden (API reference, GetObject).
    await expectRefusal(limited.send(new GetObjectCommand({ Bucket, Key: 'mine/absent' })), { name: 'AccessDenied', status: 403, message: 'Access Denied' });
  });
  test('of a bucket let in another user, and everybody once public access is not blocked', async () => {
    const Bucket = await makeBucket(s3());
    await s3().send(new PutObjectCommand({ Bucket, Key: 'a b', Body: 'public' }));
    const user = await createLimitedUser(scene(), []);
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { AWS: user.arn }, Action: 's3:GetObject', Resource: `arn:aws:s3:::${Bucket}/*` }] });
    await s3().send(new PutBucketPolicyCommand({ Bucket, Policy }));
    assert.equal(await readObject(user.clients.s3, Bucket, 'a b'), 'public');
    assert.equal((await fetch(url(`${Bucket}/a%20b`))).status, 403);
    await makePublic(Bucket);
    const answer = await fetch(url(`${Bucket}/a%20b`));
    assert.deepEqual([answer.status, await answer.text(), answer.headers.get('content-length')], [200, 'public', '6']);
    const listing = await fetch(url(Bucket));
    assert.match(await listing.text(), /<Code>AccessDenied<\/Code>/);
  });
  test('access control lists let everybody read a bucket', async () => {
    const Bucket = await makeBucket(s3(), { ObjectOwnership: 'ObjectWriter' });
    await s3().send(new DeletePublicAccessBlockCommand({ Bucket }));
    await s3().send(new PutBucketAclCommand({ Bucket, ACL: 'public-read' }));
    await s3().send(new PutObjectCommand({ Bucket, Key: 'open', Body: 'x', ACL: 'public-read' }));
    await s3().send(new PutObjectCommand({ Bucket, Key: 'closed', Body: 'x' }));
    const listing = await (await fetch(url(Bucket))).text();
    assert.match(listing, /<Key>closed<\/Key>/);
    assert.deepEqual([(await fetch(url(`${Bucket}/open`))).status, (await fetch(url(`${Bucket}/closed`))).status], [200, 403]);
  });
});

suite('presigned URLs', () => {
  test('let others do what their signer may, and lose it with the signer', async () => {
    const Bucket = await makeBucket(s3());
    for (const Key of ['open/a', 'closed/a']) await s3().send(new PutObjectCommand({ Bucket, Key, Body: Key }));
    const user = await createLimitedUser(scene(), [{ Effect: 'Allow', Action: ['s3:GetObject', 's3:PutObject'], Resource: `arn:aws:s3:::${Bucket}/open/*` }]);
    const { s3: signer } = user.clients;
    const link = (Key: string) => getSignedUrl(signer, new GetObjectCommand({ Bucket, Key }), { expiresIn: 60 });
    const [open, closed] = [await link('open/a'), await link('closed/a')];
    assert.equal(await (await fetch(open)).text(), 'open/a');
    const refused = await fetch(closed);
    assert.equal(refused.status, 403);
    assert.match(await refused.text(), /<Code>AccessDenied<\/Code><Message>User: arn:aws:iam::000000000000:user\/.* is not authorized to perform: s3:GetObject/);
    const put = (Key: string) => getSignedUrl(signer, new PutObjectCommand({ Bucket, Key }), { expiresIn: 60 });
    assert.equal((await fetch(await put('open/b'), { method: 'PUT', body: 'x' })).status, 200);
    assert.equal((await fetch(await put('closed/b'), { method: 'PUT', body: 'x' })).status, 403);
    await scene().aws.iam.send(new DeleteUserPolicyCommand({ UserName: user.arn.split('/').at(-1), PolicyName: 'only-this' }));
    assert.equal((await fetch(open)).status, 403);
  });
  test('of version 4 read and write', async () => {
    const Bucket = await makeBucket(s3());
    const user = await createLimitedUser(scene(), [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }]);
    const { s3: signer } = user.clients;
    const put = await getSignedUrl(signer, new PutObjectCommand({ Bucket, Key: 'a/ü' }), { expiresIn: 60 });
    assert.equal((await fetch(put, { method: 'PUT', body: 'signed' })).status, 200);
    const get = await getSignedUrl(signer, new GetObjectCommand({ Bucket, Key: 'a/ü', ResponseContentType: 'text/x-mine' }), { expiresIn: 60 });
    const answer = await fetch(get);
    assert.deepEqual([await answer.text(), answer.headers.get('content-type')], ['signed', 'text/x-mine']);
    const tampered = await fetch(get.replace('X-Amz-Signature=', 'X-Amz-Signature=0'));
    assert.equal(tampered.status, 403);
    assert.match(await tampered.text(), /<Code>SignatureDoesNotMatch<\/Code>/);
    const late = await getSignedUrl(signer, new GetObjectCommand({ Bucket, Key: 'a/ü' }), { expiresIn: 1, signingDate: new Date(Date.now() - 120_000) });
    assert.match(await (await fetch(late)).text(), /<Message>Request has expired<\/Message>/);
  });
  test('of version 2 read', async () => {
    const Bucket = await makeBucket(s3());
    await s3().send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'old' }));
    const Expires = Math.floor(Date.now() / 1_000) + 60;
    const Signature = createHmac('sha1', 'test').update(`GET\n\n\n${Expires}\n/${Bucket}/a`).digest('base64');
    const query = new URLSearchParams({ AWSAccessKeyId: 'test', Signature, Expires: String(Expires) });
    assert.equal(await (await fetch(url(`${Bucket}/a?${query}`))).text(), 'old');
  });
});

suite('browsers', () => {
  async function post(Bucket: string, fields: Record<string, string>, conditions: unknown[], file = 'the file'): Promise<Response> {
    const date = new Date().toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
    const credential = `test/${date.slice(0, 8)}/us-east-1/s3/aws4_request`;
    const signing = { 'x-amz-algorithm': 'AWS4-HMAC-SHA256', 'x-amz-credential': credential, 'x-amz-date': date };
    const all = [{ bucket: Bucket }, ...Object.entries(signing).map(([name, value]) => ({ [name]: value })), ...conditions];
    const policy = Buffer.from(JSON.stringify({ expiration: new Date(Date.now() + 60_000).toISOString(), conditions: all })).toString('base64');
    let key: Buffer | string = 'AWS4test';
    for (const part of [date.slice(0, 8), 'us-east-1', 's3', 'aws4_request']) key = createHmac('sha256', key).update(part).digest();
    const form = new FormData();
    for (const [name, value] of Object.entries({ ...fields, ...signing, policy, 'x-amz-signature': createHmac('sha256', key).update(policy).digest('hex') })) form.append(name, value);
    form.append('file', new Blob([file], { type: 'text/plain' }), 'letter.txt');
    return await fetch(url(Bucket), { method: 'POST', body: form });
  }

  test('upload by forms, within their policy', async () => {
    const Bucket = await makeBucket(s3());
    const conditions = [['starts-with', '$key', 'user/'], { acl: 'private' }, ['content-length-range', 1, 100_000], { success_action_status: '201' }];
    const fields = { key: 'user/${filename}', acl: 'private', success_action_status: '201' };
    const answer = await post(Bucket, fields, conditions);
    assert.equal(answer.status, 201);
    assert.match(await answer.text(), /<PostResponse><Location>.*<Key>user\/letter.txt<\/Key>/);
    const got = await s3().send(new GetObjectCommand({ Bucket, Key: 'user/letter.txt' }));
    assert.deepEqual([await got.Body?.transformToString(), got.ContentType], ['the file', 'text/plain']);
    const large = 'x'.repeat(99_000);
    assert.equal((await post(Bucket, fields, conditions, large)).status, 201);
    assert.equal(await readObject(s3(), Bucket, 'user/letter.txt'), large);
    assert.match(await (await post(Bucket, { ...fields, key: 'elsewhere' }, conditions)).text(), /Policy Condition failed/);
    assert.match(await (await post(Bucket, { ...fields, 'x-amz-meta-a': '1' }, conditions)).text(), /Extra input fields: x-amz-meta-a/);
    assert.match(await (await post(Bucket, fields, conditions, 'x'.repeat(100_001))).text(), /<Code>EntityTooLarge<\/Code>/);
    assert.equal((await post(Bucket, fields, conditions, '')).status, 400);
  });
  test('upload what no header can hold, and get it back', async () => {
    const Bucket = await makeBucket(s3());
    const metadata = { 'x-amz-meta-note': '5 \u20ac\nX-Forged: 1', 'x-amz-meta-not a name': '1' };
    const answer = await post(Bucket, { key: 'odd', ...metadata }, [{ key: 'odd' }, ...Object.keys(metadata).map((name) => ['starts-with', `$${name}`, ''])]);
    assert.equal(answer.status, 204);
    const got = await fetch(await getSignedUrl(s3(), new GetObjectCommand({ Bucket, Key: 'odd', ResponseContentDisposition: 'inline; filename=\u20ac\u0001' })));
    assert.deepEqual([await got.text(), got.headers.get('x-forged')], ['the file', null]);
    assert.match(Buffer.from(got.headers.get('x-amz-meta-note') ?? '', 'latin1').toString('utf8'), /^5 \u20ac X-Forged: 1$/);
  });
  test('of other origins get in where the bucket says so', async () => {
    const Bucket = await makeBucket(s3());
    await s3().send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'shared' }));
    await makePublic(Bucket);
    const preflight = (Origin: string, method = 'GET') =>
      fetch(url(`${Bucket}/a`), { method: 'OPTIONS', headers: { Origin, 'Access-Control-Request-Method': method, 'Access-Control-Request-Headers': 'X-Mine' } });
    assert.match(await (await preflight('https://app.example.com')).text(), /CORS is not enabled for this bucket/);
    assert.equal((await fetch(url(`${Bucket}/a`), { headers: { Origin: 'https://app.example.com' } })).status, 403);
    const CORSRules = [{ AllowedOrigins: ['https://*.example.com'], AllowedMethods: ['GET', 'PUT'], AllowedHeaders: ['x-*'], ExposeHeaders: ['ETag'], MaxAgeSeconds: 30 }];
    await s3().send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } }));
    const allowed = await preflight('https://app.example.com');
    assert.deepEqual([allowed.status, allowed.headers.get('access-control-allow-origin'), allowed.headers.get('access-control-allow-headers'), allowed.headers.get('access-control-max-age')], [200, 'https://app.example.com', 'x-mine', '30']);
    assert.equal((await preflight('https://app.example.com', 'DELETE')).status, 403);
    assert.equal((await preflight('https://elsewhere.org')).status, 403);
    const read = await fetch(url(`${Bucket}/a`), { headers: { Origin: 'https://app.example.com' } });
    assert.deepEqual([read.status, await read.text(), read.headers.get('access-control-allow-origin'), read.headers.get('access-control-expose-headers')], [200, 'shared', 'https://app.example.com', 'ETag']);
    assert.equal((await fetch(url(`${Bucket}/a`), { headers: { Origin: 'https://elsewhere.org' } })).status, 403);
  });
  test('of other origins are not the administrator when they make up a key', async () => {
    const Bucket = await makeBucket(s3());
    await s3().send(new PutObjectCommand({ Bucket, Key: 'private', Body: 'mine' }));
    const CORSRules = [{ AllowedOrigins: ['*'], AllowedMethods: ['GET'], AllowedHeaders: ['*'] }];
    await s3().send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } }));
    const made = { 'X-Amz-Algorithm': 'AWS4-HMAC-SHA256', 'X-Amz-Credential': 'made-up/20260101/us-east-1/s3/aws4_request', 'X-Amz-Date': '20260101T000000Z', 'X-Amz-Expires': '60', 'X-Amz-SignedHeaders': 'host', 'X-Amz-Signature': '00' };
    const read = async (Origin: string) => (await fetch(url(`${Bucket}/private?${new URLSearchParams(made)}`), { headers: { Origin } })).text();
    assert.match(await read('https://evil.example'), /<Code>InvalidAccessKeyId<\/Code>/);
    assert.match(await read('null'), /<Code>InvalidAccessKeyId<\/Code>/);
    assert.equal(await read('http://localhost:3000'), 'mine');
  });
  test('of other origins show what a presigned URL lets them, never by a key that they make up', async () => {
    const user = await createLimitedUser(scene(), [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }]);
    const Bucket = await makeBucket(user.clients.s3);
    await user.clients.s3.send(new PutObjectCommand({ Bucket, Key: 'photo.jpg', Body: 'mine', ContentType: 'image/jpeg' }));
    const signed = await getSignedUrl(user.clients.s3, new GetObjectCommand({ Bucket, Key: 'photo.jpg' }));
    const madeUp = await getSignedUrl(s3(), new GetObjectCommand({ Bucket, Key: 'photo.jpg' }));
    // An <img> sends no Origin.
    const show = async (address: string, site: string) => {
      const answer = await fetch(address, { headers: { 'Sec-Fetch-Site': site, 'Sec-Fetch-Mode': 'no-cors', 'Sec-Fetch-Dest': 'image' } });
      return [answer.status, /<Code>(\w+)/.exec(await answer.text())?.[1]];
    };
    for (const site of ['same-site', 'cross-site']) assert.deepEqual(await show(signed, site), [200, undefined]);
    assert.deepEqual(await show(madeUp, 'same-site'), [200, undefined]);
    assert.deepEqual(await show(madeUp, 'cross-site'), [403, 'InvalidAccessKeyId']);
    assert.equal((await fetch(signed, { method: 'DELETE', headers: { 'Sec-Fetch-Site': 'cross-site' } })).status, 403);
    user.clients.destroy();
  });
  test('that are objects run without the origin of the server', async () => {
    const Bucket = await makeBucket(s3());
    await makePublic(Bucket);
    await s3().send(new PutObjectCommand({ Bucket, Key: 'page', Body: '<script></script>', ContentType: 'text/html' }));
    const opened = await fetch(url(`${Bucket}/page`), { headers: { 'Sec-Fetch-Site': 'cross-site' } });
    assert.equal(opened.status, 200);
    assert.match(opened.headers.get('content-security-policy') ?? '', /^sandbox /);
  });
  test('see websites', async () => {
    const Bucket = await makeBucket(s3());
    await makePublic(Bucket, ['s3:GetObject', 's3:ListBucket']);
    const pages = { 'index.html': 'home', 'docs/index.html': 'docs', 'error.html': 'lost' };
    for (const [Key, Body] of Object.entries(pages)) await s3().send(new PutObjectCommand({ Bucket, Key, Body, ContentType: 'text/html' }));
    const RoutingRules = [{ Condition: { KeyPrefixEquals: 'old/' }, Redirect: { ReplaceKeyPrefixWith: 'new/', HttpRedirectCode: '302' } }];
    await s3().send(new PutBucketWebsiteCommand({ Bucket, WebsiteConfiguration: { IndexDocument: { Suffix: 'index.html' }, ErrorDocument: { Key: 'error.html' }, RoutingRules } }));
    const { port } = new URL(scene().server.endpoint);
    const { request } = await import('node:http');
    // fetch does not let a Host be set, and such names do not resolve everywhere.
    const visit = (path: string) =>
      new Promise<readonly [number | undefined, string, string | undefined]>((resolve, reject) => {
        const sent = request({ port, host: '127.0.0.1', path, headers: { host: `${Bucket}.s3-website-us-east-1.amazonaws.com` } }, (answer) => {
          let text = '';
          answer.setEncoding('utf8').on('data', (piece: string) => (text += piece)).on('end', () => resolve([answer.statusCode, text, answer.headers.location]));
        });
        sent.on('error', reject).end();
      });
    assert.deepEqual(await visit('/'), [200, 'home', undefined]);
    assert.deepEqual(await visit('/docs/'), [200, 'docs', undefined]);
    assert.deepEqual(await visit('/docs'), [302, '', `http://${Bucket}.s3-website-us-east-1.amazonaws.com/docs/`]);
    // Two slashes would lead to another host.
    await s3().send(new PutObjectCommand({ Bucket, Key: '/elsewhere.example/a?b/index.html', Body: 'x' }));
    assert.deepEqual(await visit('//elsewhere.example/a%3Fb'), [302, '', `http://${Bucket}.s3-website-us-east-1.amazonaws.com//elsewhere.example/a%3Fb/`]);
    assert.deepEqual(await visit('/absent'), [404, 'lost', undefined]);
    const [status, , location] = await visit('/old/page');
    assert.deepEqual([status, location], [302, `http://${Bucket}.s3-website-us-east-1.amazonaws.com/new/page`]);
  });
});
