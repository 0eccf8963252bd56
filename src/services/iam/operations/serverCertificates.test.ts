import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCertificate } from '../../../../test/support/certificates.ts';
import { account, createHarness } from '../testing/harness.ts';

const authority = createCertificate({ commonName: 'authority' });
const web = createCertificate({ commonName: 'web.example', signs: authority });
const body = { CertificateBody: web.certificatePem, PrivateKey: web.keyPem };

test('UploadServerCertificate, GetServerCertificate, ListServerCertificates, UpdateServerCertificate and DeleteServerCertificate', async () => {
  const { iam, clock } = createHarness();
  const upload = { ServerCertificateName: 'web', Path: '/cloudfront/', ...body, CertificateChain: authority.certificatePem, Tags: [{ Key: 'a', Value: '1' }] };
  const { ServerCertificateMetadata: made } = await iam('UploadServerCertificate', upload);
  assert.deepEqual([made?.Arn, made?.UploadDate], [`arn:aws:iam::${account}:server-certificate/cloudfront/web`, new Date(clock.now())]);
  assert.ok((made?.Expiration?.getTime() ?? 0) > Date.now());
  await assert.rejects(iam('UploadServerCertificate', { ...upload, ServerCertificateName: 'WEB' }), { code: 'EntityAlreadyExistsException' });
  const { ServerCertificate: found } = await iam('GetServerCertificate', { ServerCertificateName: 'web' });
  assert.deepEqual([found?.CertificateBody, found?.CertificateChain, found?.Tags], [web.certificatePem, authority.certificatePem, upload.Tags]);
  assert.ok(!JSON.stringify(found).includes('PRIVATE'));
  await iam('UpdateServerCertificate', { ServerCertificateName: 'web', NewServerCertificateName: 'site', NewPath: '/' });
  const listed = async (PathPrefix?: string) => (await iam('ListServerCertificates', PathPrefix === undefined ? {} : { PathPrefix })).ServerCertificateMetadataList?.map(({ Arn }) => Arn);
  assert.deepEqual([await listed(), await listed('/cloudfront/')], [[`arn:aws:iam::${account}:server-certificate/site`], []]);
  assert.equal((await iam('GetAccountSummary', {})).SummaryMap?.['ServerCertificates'], 1);
  await iam('DeleteServerCertificate', { ServerCertificateName: 'site' });
  await assert.rejects(iam('GetServerCertificate', { ServerCertificateName: 'site' }), { code: 'NoSuchEntityException', message: 'The Server Certificate with name site cannot be found.' });
});

test('UploadServerCertificate refuses a key of another certificate, and what is none', async () => {
  const { iam } = createHarness();
  const upload = (more: object) => iam('UploadServerCertificate', { ServerCertificateName: 'web', ...body, ...more });
  await assert.rejects(upload({ PrivateKey: authority.keyPem }), { code: 'KeyPairMismatchException' });
  await assert.rejects(upload({ PrivateKey: 'hello' }), { code: 'MalformedCertificateException' });
  await assert.rejects(upload({ CertificateBody: web.certificate }), { code: 'MalformedCertificateException' });
  await assert.rejects(upload({ CertificateChain: 'hello' }), { code: 'MalformedCertificateException' });
  await assert.rejects(upload({ CertificateChain: web.certificatePem.repeat(80) }), { code: 'InvalidInputException' });
  for (let count = 0; count < 20; count += 1) await upload({ ServerCertificateName: `web${count}` });
  await assert.rejects(upload({}), { code: 'LimitExceededException', message: 'Cannot exceed quota for ServerCertificatesPerAccount: 20' });
});

test('UpdateServerCertificate takes permission on the new name too, and no name in use', async () => {
  const { iam, createUser } = createHarness();
  const user = await createUser('one', [{ Effect: 'Allow', Action: 'iam:UpdateServerCertificate', Resource: `arn:aws:iam::${account}:server-certificate/a` }]);
  for (const ServerCertificateName of ['a', 'b']) await iam('UploadServerCertificate', { ServerCertificateName, ...body });
  await assert.rejects(iam('UpdateServerCertificate', { ServerCertificateName: 'a', NewServerCertificateName: 'c' }, user), { code: 'AccessDenied', message: /server-certificate\/c/ });
  await assert.rejects(iam('UpdateServerCertificate', { ServerCertificateName: 'a', NewServerCertificateName: 'b' }), { code: 'EntityAlreadyExistsException' });
});

test('TagServerCertificate, UntagServerCertificate and ListServerCertificateTags keep tags', async () => {
  const { iam } = createHarness();
  const ServerCertificateName = 'web';
  await iam('UploadServerCertificate', { ServerCertificateName, ...body });
  await iam('TagServerCertificate', { ServerCertificateName, Tags: [{ Key: 'a', Value: '1' }, { Key: 'b', Value: '2' }] });
  await iam('UntagServerCertificate', { ServerCertificateName, TagKeys: ['a'] });
  assert.deepEqual((await iam('ListServerCertificateTags', { ServerCertificateName })).Tags, [{ Key: 'b', Value: '2' }]);
});
