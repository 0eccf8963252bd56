import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { createCertificate } from '../../../../test/support/certificates.ts';
import { account, createHarness } from '../testing/harness.ts';

// Made by ssh-keygen's rules: the blob holds name, exponent and modulus.
function sshKey(modulusLength = 2_048): { ssh: string; pem: string; fingerprint: string } {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength });
  const { e = '', n = '' } = publicKey.export({ format: 'jwk' });
  const part = (bytes: Buffer): Buffer => Buffer.concat([Buffer.of(0, 0, bytes.length >> 8, bytes.length & 255), bytes]);
  const blob = Buffer.concat([part(Buffer.from('ssh-rsa')), part(Buffer.from(e, 'base64url')), part(Buffer.concat([Buffer.of(0), Buffer.from(n, 'base64url')]))]);
  const fingerprint = (createHash('md5').update(blob).digest('hex').match(/../g) ?? []).join(':');
  return { ssh: `ssh-rsa ${blob.toString('base64')}`, pem: publicKey.export({ type: 'spki', format: 'pem' }).toString(), fingerprint };
}

const key = sshKey();

test('UploadSSHPublicKey, GetSSHPublicKey, ListSSHPublicKeys, UpdateSSHPublicKey and DeleteSSHPublicKey keep keys in both forms', async () => {
  const { iam, clock } = createHarness();
  await iam('CreateUser', { UserName: 'ann' });
  const { SSHPublicKey: made } = await iam('UploadSSHPublicKey', { UserName: 'ann', SSHPublicKeyBody: `${key.ssh} ann@laptop` });
  assert.deepEqual([made?.Fingerprint, made?.Status, made?.UploadDate], [key.fingerprint, 'Active', new Date(clock.now())]);
  assert.match(made?.SSHPublicKeyId ?? '', /^APKA[A-Z0-9]{16,}$/);
  const one = { UserName: 'ann', SSHPublicKeyId: made?.SSHPublicKeyId };
  assert.equal((await iam('GetSSHPublicKey', { ...one, Encoding: 'SSH' })).SSHPublicKey?.SSHPublicKeyBody, key.ssh);
  assert.equal((await iam('GetSSHPublicKey', { ...one, Encoding: 'PEM' })).SSHPublicKey?.SSHPublicKeyBody, key.pem);
  await assert.rejects(iam('UploadSSHPublicKey', { UserName: 'ann', SSHPublicKeyBody: key.pem }), { code: 'DuplicateSSHPublicKeyException' });
  await iam('UpdateSSHPublicKey', { ...one, Status: 'Inactive' });
  assert.deepEqual((await iam('ListSSHPublicKeys', { UserName: 'ann' })).SSHPublicKeys?.map(({ Status }) => Status), ['Inactive']);
  await iam('UpdateUser', { UserName: 'ann', NewUserName: 'bea' });
  await assert.rejects(iam('DeleteUser', { UserName: 'bea' }), { code: 'DeleteConflictException', message: 'Cannot delete entity, must delete SSH public keys first.' });
  await iam('DeleteSSHPublicKey', { ...one, UserName: 'bea' });
  await assert.rejects(iam('GetSSHPublicKey', { ...one, UserName: 'bea', Encoding: 'SSH' }), { code: 'NoSuchEntityException', message: `The Public Key with id ${one.SSHPublicKeyId} cannot be found.` });
  await iam('DeleteUser', { UserName: 'bea' });
});

test('UploadSSHPublicKey refuses what is no RSA key of 2,048 bits, and a sixth', async () => {
  const { iam } = createHarness();
  await iam('CreateUser', { UserName: 'ann' });
  const upload = (SSHPublicKeyBody: string) => iam('UploadSSHPublicKey', { UserName: 'ann', SSHPublicKeyBody });
  for (const wrong of ['ssh-rsa AAAA', sshKey(1_024).ssh, sshKey(1_024).pem, 'ssh-rsa', key.pem.replace('PUBLIC', 'PRIVATE'), createCertificate().keyPem, key.ssh.slice(0, -12)]) {
    await assert.rejects(upload(wrong), { code: 'InvalidPublicKeyException' }, wrong.slice(0, 40));
  }
  for (const wrong of ['hello', key.ssh.replace('ssh-rsa', 'ssh-ed25519')]) await assert.rejects(upload(wrong), { code: 'UnrecognizedPublicKeyEncodingException' });
  for (let count = 0; count < 5; count += 1) await upload(sshKey().ssh);
  await assert.rejects(upload(key.ssh), { code: 'LimitExceededException', message: 'Cannot exceed quota for SSHPublicKeysPerUser: 5' });
});

test('UploadSigningCertificate, ListSigningCertificates, UpdateSigningCertificate and DeleteSigningCertificate keep two certificates of a user', async () => {
  const { iam } = createHarness();
  await iam('CreateUser', { UserName: 'ann' });
  const [first, second, third] = [createCertificate(), createCertificate(), createCertificate()];
  const upload = (CertificateBody: string) => iam('UploadSigningCertificate', { UserName: 'ann', CertificateBody });
  const { Certificate } = await upload(first.certificatePem);
  const CertificateId = Certificate?.CertificateId;
  assert.match(CertificateId ?? '', /^[A-Z0-9]{24,}$/);
  await assert.rejects(upload(first.certificatePem), { code: 'DuplicateCertificateException' });
  await assert.rejects(upload('hello'), { code: 'MalformedCertificateException' });
  await upload(second.certificatePem);
  await assert.rejects(upload(third.certificatePem), { code: 'LimitExceededException' });
  await iam('UpdateSigningCertificate', { UserName: 'ann', CertificateId, Status: 'Inactive' });
  const listed = (await iam('ListSigningCertificates', { UserName: 'ann' })).Certificates ?? [];
  assert.equal(listed.find((found) => found.CertificateId === CertificateId)?.Status, 'Inactive');
  await assert.rejects(iam('UpdateSigningCertificate', { UserName: 'ann', CertificateId, Status: 'Expired' }), { code: 'ValidationError' });
  await assert.rejects(iam('DeleteUser', { UserName: 'ann' }), { code: 'DeleteConflictException', message: /signing certificates/ });
  for (const found of listed) await iam('DeleteSigningCertificate', { UserName: 'ann', CertificateId: found.CertificateId });
  await assert.rejects(iam('DeleteSigningCertificate', { UserName: 'ann', CertificateId }), { code: 'NoSuchEntityException' });
});

test('CreateServiceSpecificCredential, ResetServiceSpecificCredential, ListServiceSpecificCredentials, UpdateServiceSpecificCredential and DeleteServiceSpecificCredential', async () => {
  const { iam, createUser } = createHarness();
  const only = await createUser('only', [{ Effect: 'Allow', Action: 'iam:*', Resource: '*', Condition: { StringEquals: { 'iam:ServiceSpecificCredentialServiceName': 'codecommit.amazonaws.com' } } }]);
  await iam('CreateUser', { UserName: 'ann' });
  const create = (ServiceName: string, more = {}) => iam('CreateServiceSpecificCredential', { UserName: 'ann', ServiceName, ...more }, only);
  const { ServiceSpecificCredential: made } = await create('codecommit.amazonaws.com');
  assert.deepEqual([made?.ServiceUserName, made?.ServicePassword?.length, made?.Status], [`ann-at-${account}`, 44, 'Active']);
  const one = { UserName: 'ann', ServiceSpecificCredentialId: made?.ServiceSpecificCredentialId };
  const again = await iam('ResetServiceSpecificCredential', one);
  assert.notEqual(again.ServiceSpecificCredential?.ServicePassword, made?.ServicePassword);
  assert.equal((await create('codecommit.amazonaws.com')).ServiceSpecificCredential?.ServiceUserName, `ann+1-at-${account}`);
  await assert.rejects(create('codecommit.amazonaws.com'), { code: 'LimitExceededException' });
  await assert.rejects(create('cassandra.amazonaws.com'), { code: 'AccessDenied' });
  await assert.rejects(iam('CreateServiceSpecificCredential', { UserName: 'ann', ServiceName: 'bedrock.amazonaws.com' }), { code: 'ServiceNotSupportedException' });
  await assert.rejects(iam('CreateServiceSpecificCredential', { UserName: 'ann', ServiceName: 'cassandra.amazonaws.com', CredentialAgeDays: 5 }), { code: 'InvalidInputException' });
  await iam('UpdateServiceSpecificCredential', { ...one, Status: 'Inactive' });
  const list = async (more = {}) => (await iam('ListServiceSpecificCredentials', { UserName: 'ann', ...more })).ServiceSpecificCredentials ?? [];
  assert.deepEqual((await list()).map(({ Status }) => Status).sort(), ['Active', 'Inactive']);
  assert.ok(!JSON.stringify(await list()).includes('Password'));
  assert.deepEqual(await list({ ServiceName: 'cassandra.amazonaws.com' }), []);
  await assert.rejects(list({ AllUsers: true }), { code: 'InvalidInputException' });
  await assert.rejects(list({ ServiceName: 's3.amazonaws.com' }), { code: 'ServiceNotSupportedException' });
  await iam('DeleteServiceSpecificCredential', one);
  await assert.rejects(iam('DeleteServiceSpecificCredential', one), { code: 'NoSuchEntityException' });
  await assert.rejects(iam('DeleteUser', { UserName: 'ann' }), { code: 'DeleteConflictException', message: /service specific/ });
});
