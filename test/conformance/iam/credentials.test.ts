// What users and servers have besides access keys, and what tools ask of it.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_UploadSSHPublicKey.html
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_UploadServerCertificate.html

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  AddUserToGroupCommand,
  CreateGroupCommand,
  CreateServiceSpecificCredentialCommand,
  CreateUserCommand,
  DeleteServerCertificateCommand,
  DeleteServiceSpecificCredentialCommand,
  DeleteSigningCertificateCommand,
  DeleteSSHPublicKeyCommand,
  DeleteUserCommand,
  GetAccountSummaryCommand,
  GetGroupCommand,
  GetServerCertificateCommand,
  GetSSHPublicKeyCommand,
  ListPoliciesGrantingServiceAccessCommand,
  ListServerCertificatesCommand,
  ListServerCertificateTagsCommand,
  ListServiceSpecificCredentialsCommand,
  ListSigningCertificatesCommand,
  ListSSHPublicKeysCommand,
  PutUserPolicyCommand,
  ResetServiceSpecificCredentialCommand,
  SetSecurityTokenServicePreferencesCommand,
  TagServerCertificateCommand,
  UntagServerCertificateCommand,
  UpdateGroupCommand,
  UpdateServerCertificateCommand,
  UpdateServiceSpecificCredentialCommand,
  UpdateSigningCertificateCommand,
  UpdateSSHPublicKeyCommand,
  UploadServerCertificateCommand,
  UploadSigningCertificateCommand,
  UploadSSHPublicKeyCommand,
} from '@aws-sdk/client-iam';
import { createCertificate } from '../../support/certificates.ts';
import { uniqueName } from '../../support/functions.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';

const scene = useServer();
const certificate = createCertificate();

async function createUser(): Promise<string> {
  const UserName = uniqueName('user');
  await scene().aws.iam.send(new CreateUserCommand({ UserName }));
  return UserName;
}

test('SSH public keys are uploaded, shown in two forms, switched off and deleted', async () => {
  const { iam } = scene().aws;
  const UserName = await createUser();
  const SSHPublicKeyBody = certificate.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const { SSHPublicKey } = await iam.send(new UploadSSHPublicKeyCommand({ UserName, SSHPublicKeyBody }));
  assert.match(SSHPublicKey?.Fingerprint ?? '', /^([0-9a-f]{2}:){15}[0-9a-f]{2}$/);
  const one = { UserName, SSHPublicKeyId: SSHPublicKey?.SSHPublicKeyId };
  await expectRefusal(iam.send(new UploadSSHPublicKeyCommand({ UserName, SSHPublicKeyBody })), { name: /^DuplicateSSHPublicKey/, status: 400 });
  await expectRefusal(iam.send(new UploadSSHPublicKeyCommand({ UserName, SSHPublicKeyBody: 'hello' })), { name: /^UnrecognizedPublicKeyEncoding/, status: 400 });
  await expectRefusal(iam.send(new UploadSSHPublicKeyCommand({ UserName, SSHPublicKeyBody: 'ssh-rsa AAAA' })), { name: /^InvalidPublicKey/, status: 400 });
  assert.match((await iam.send(new GetSSHPublicKeyCommand({ ...one, Encoding: 'SSH' }))).SSHPublicKey?.SSHPublicKeyBody ?? '', /^ssh-rsa AAAAB3NzaC1yc2E/);
  assert.equal((await iam.send(new GetSSHPublicKeyCommand({ ...one, Encoding: 'PEM' }))).SSHPublicKey?.SSHPublicKeyBody, SSHPublicKeyBody);
  await iam.send(new UpdateSSHPublicKeyCommand({ ...one, Status: 'Inactive' }));
  assert.deepEqual((await iam.send(new ListSSHPublicKeysCommand({ UserName }))).SSHPublicKeys?.map(({ Status }) => Status), ['Inactive']);
  await expectRefusal(iam.send(new DeleteUserCommand({ UserName })), { name: /^DeleteConflict/, status: 409 });
  await iam.send(new DeleteSSHPublicKeyCommand(one));
  await iam.send(new DeleteUserCommand({ UserName }));
});

test('signing certificates are uploaded, listed, switched off and deleted', async () => {
  const { iam } = scene().aws;
  const UserName = await createUser();
  const { Certificate } = await iam.send(new UploadSigningCertificateCommand({ UserName, CertificateBody: certificate.certificatePem }));
  const one = { UserName, CertificateId: Certificate?.CertificateId };
  await iam.send(new UpdateSigningCertificateCommand({ ...one, Status: 'Inactive' }));
  const { Certificates = [] } = await iam.send(new ListSigningCertificatesCommand({ UserName }));
  assert.deepEqual(Certificates.map(({ CertificateId, Status }) => [CertificateId, Status]), [[one.CertificateId, 'Inactive']]);
  await expectRefusal(iam.send(new UploadSigningCertificateCommand({ UserName, CertificateBody: 'hello' })), { name: /^MalformedCertificate/, status: 400 });
  await iam.send(new DeleteSigningCertificateCommand(one));
  await expectRefusal(iam.send(new DeleteSigningCertificateCommand(one)), { name: /^NoSuchEntity/, status: 404 });
});

test('credentials for one service are made, reset, switched off and deleted', async () => {
  const { iam } = scene().aws;
  const UserName = await createUser();
  const { ServiceSpecificCredential: made } = await iam.send(new CreateServiceSpecificCredentialCommand({ UserName, ServiceName: 'codecommit.amazonaws.com' }));
  assert.equal(made?.ServiceUserName, `${UserName}-at-000000000000`);
  const one = { UserName, ServiceSpecificCredentialId: made?.ServiceSpecificCredentialId };
  assert.notEqual((await iam.send(new ResetServiceSpecificCredentialCommand(one))).ServiceSpecificCredential?.ServicePassword, made?.ServicePassword);
  await iam.send(new UpdateServiceSpecificCredentialCommand({ ...one, Status: 'Inactive' }));
  const { ServiceSpecificCredentials = [] } = await iam.send(new ListServiceSpecificCredentialsCommand({ UserName }));
  assert.deepEqual(ServiceSpecificCredentials.map(({ Status }) => Status), ['Inactive']);
  await expectRefusal(iam.send(new CreateServiceSpecificCredentialCommand({ UserName, ServiceName: 's3.amazonaws.com' })), { name: /ServiceNotSupported|NotSupportedService/, status: 404 });
  await iam.send(new DeleteServiceSpecificCredentialCommand(one));
});

test('server certificates are uploaded, tagged, renamed, listed and deleted', async () => {
  const { iam } = scene().aws;
  const ServerCertificateName = uniqueName('web');
  const NewServerCertificateName = `${ServerCertificateName}-new`;
  const upload = { ServerCertificateName, CertificateBody: certificate.certificatePem, PrivateKey: certificate.keyPem };
  await expectRefusal(iam.send(new UploadServerCertificateCommand({ ...upload, PrivateKey: createCertificate().keyPem })), { name: /^KeyPairMismatch/, status: 400 });
  const { ServerCertificateMetadata } = await iam.send(new UploadServerCertificateCommand(upload));
  assert.equal(ServerCertificateMetadata?.Arn, `arn:aws:iam::000000000000:server-certificate/${ServerCertificateName}`);
  await iam.send(new TagServerCertificateCommand({ ServerCertificateName, Tags: [{ Key: 'a', Value: '1' }, { Key: 'b', Value: '2' }] }));
  await iam.send(new UntagServerCertificateCommand({ ServerCertificateName, TagKeys: ['a'] }));
  assert.deepEqual((await iam.send(new ListServerCertificateTagsCommand({ ServerCertificateName }))).Tags, [{ Key: 'b', Value: '2' }]);
  await iam.send(new UpdateServerCertificateCommand({ ServerCertificateName, NewServerCertificateName, NewPath: '/cloudfront/' }));
  const { ServerCertificateMetadataList = [] } = await iam.send(new ListServerCertificatesCommand({ PathPrefix: '/cloudfront/' }));
  assert.ok(ServerCertificateMetadataList.some((found) => found.ServerCertificateName === NewServerCertificateName));
  assert.equal((await iam.send(new GetServerCertificateCommand({ ServerCertificateName: NewServerCertificateName }))).ServerCertificate?.CertificateBody, certificate.certificatePem);
  await iam.send(new DeleteServerCertificateCommand({ ServerCertificateName: NewServerCertificateName }));
  await expectRefusal(iam.send(new GetServerCertificateCommand({ ServerCertificateName: NewServerCertificateName })), { name: /^NoSuchEntity/, status: 404 });
});

test('a group is renamed with its members, and policies are found by the service that they grant', async () => {
  const { iam } = scene().aws;
  const UserName = await createUser();
  const GroupName = uniqueName('group');
  await iam.send(new CreateGroupCommand({ GroupName }));
  await iam.send(new AddUserToGroupCommand({ GroupName, UserName }));
  await iam.send(new UpdateGroupCommand({ GroupName, NewGroupName: `${GroupName}-new` }));
  assert.deepEqual((await iam.send(new GetGroupCommand({ GroupName: `${GroupName}-new` }))).Users?.map((user) => user.UserName), [UserName]);
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'sqs:SendMessage', Resource: '*' }] });
  await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'send', PolicyDocument }));
  const asked = { Arn: `arn:aws:iam::000000000000:user/${UserName}`, ServiceNamespaces: ['sqs', 's3'] };
  const { PoliciesGrantingServiceAccess: found = [] } = await iam.send(new ListPoliciesGrantingServiceAccessCommand(asked));
  assert.deepEqual(found.map(({ ServiceNamespace, Policies }) => [ServiceNamespace, Policies?.map(({ PolicyName }) => PolicyName)]), [['sqs', ['send']], ['s3', []]]);
});

test('the version of tokens is told in the account summary', async () => {
  const { iam } = scene().aws;
  await iam.send(new SetSecurityTokenServicePreferencesCommand({ GlobalEndpointTokenVersion: 'v2Token' }));
  assert.equal((await iam.send(new GetAccountSummaryCommand({}))).SummaryMap?.['GlobalEndpointTokenVersion'], 2);
});
