// SSH public keys, signing certificates and credentials for one service.

import { X509Certificate } from 'node:crypto';
import { iamId } from '../../../base/ids.ts';
import { pageOfList } from '../domain/paging.ts';
import { readSshKey, sshFingerprint, sshKeyAsPem } from '../domain/sshKeys.ts';
import { errors } from '../errors.ts';
import { changeEntity, given, viewEntity } from '../onEntity.ts';
import { operation } from '../operation.ts';
import {
  addCredential,
  clearCredential,
  isActive,
  listCredentials,
  requireCredential,
  serviceCredentials,
  setCredential,
  signingCertificates,
  sshKeys,
  statusOf,
  type ServiceCredentialRow,
  type SigningCertificateRow,
  type SshKeyRow,
} from '../userCredentials.ts';

const uploadSshKey = operation(
  'UploadSSHPublicKey',
  changeEntity({ action: 'UploadSSHPublicKey', kind: 'user', nameOf: (input) => input.UserName }, async ({ tx, row: user, input, call, deps }) => {
    const body = given(input.SSHPublicKeyBody);
    const encoded = readSshKey(body);
    const others = await listCredentials(sshKeys, tx, call.account, user.name);
    if (others.some((other) => other.encoded === encoded)) throw errors.duplicateSshKey();
    const row: SshKeyRow = { id: iamId(deps.random, 'APKA'), body, encoded, active: true, createdAtMs: call.nowMs };
    await addCredential(sshKeys, tx, call.account, user, row);
    return { SSHPublicKey: describeSshKey(user.name, row, body) };
  }),
);

const getSshKey = operation(
  'GetSSHPublicKey',
  viewEntity({ action: 'GetSSHPublicKey', kind: 'user', nameOf: (input) => input.UserName }, async ({ tx, row: user, input, call }) => {
    const row = await requireCredential(sshKeys, tx, call.account, user.name, given(input.SSHPublicKeyId));
    return { SSHPublicKey: describeSshKey(user.name, row, input.Encoding === 'PEM' ? sshKeyAsPem(row.encoded) : row.encoded) };
  }),
);

const listSshKeys = operation(
  'ListSSHPublicKeys',
  viewEntity({ action: 'ListSSHPublicKeys', kind: 'user', nameOf: (input) => input.UserName }, async ({ tx, row: user, input, call }) => {
    const page = await pageOfList(input, await listCredentials(sshKeys, tx, call.account, user.name), ({ id }) => id);
    const keys = page.items.map((row) => ({ UserName: user.name, SSHPublicKeyId: row.id, Status: statusOf(row), UploadDate: new Date(row.createdAtMs) }));
    return { SSHPublicKeys: keys, ...page.position };
  }),
);

const updateSshKey = operation(
  'UpdateSSHPublicKey',
  changeEntity({ action: 'UpdateSSHPublicKey', kind: 'user', nameOf: (input) => input.UserName }, async ({ tx, row: user, input, call }) => {
    const row = await requireCredential(sshKeys, tx, call.account, user.name, given(input.SSHPublicKeyId));
    setCredential(sshKeys, tx, call.account, user.name, { ...row, active: isActive(input.Status) });
    return {};
  }),
);

const deleteSshKey = operation(
  'DeleteSSHPublicKey',
  changeEntity({ action: 'DeleteSSHPublicKey', kind: 'user', nameOf: (input) => input.UserName }, async ({ tx, row: user, input, call }) => {
    clearCredential(sshKeys, tx, call.account, user.name, await requireCredential(sshKeys, tx, call.account, user.name, given(input.SSHPublicKeyId)));
    return {};
  }),
);

const uploadSigning = operation(
  'UploadSigningCertificate',
  changeEntity({ action: 'UploadSigningCertificate', kind: 'user', nameOf: (input) => input.UserName }, async ({ tx, row: user, input, call, deps }) => {
    const text = checkCertificate(given(input.CertificateBody));
    const others = await listCredentials(signingCertificates, tx, call.account, user.name);
    if (others.some((other) => other.body === text)) throw errors.duplicateCertificate();
    // Ids of certificates are longer than others (API reference, CertificateId: 24 characters at least).
    const id = deps.random.bytes(16).toString('hex').toUpperCase();
    const row: SigningCertificateRow = { id, body: text, active: true, createdAtMs: call.nowMs };
    await addCredential(signingCertificates, tx, call.account, user, row);
    return { Certificate: describeSigning(user.name, row) };
  }),
);

const listSigning = operation(
  'ListSigningCertificates',
  viewEntity({ action: 'ListSigningCertificates', kind: 'user', nameOf: (input) => input.UserName }, async ({ tx, row: user, input, call }) => {
    const page = await pageOfList(input, await listCredentials(signingCertificates, tx, call.account, user.name), ({ id }) => id);
    return { Certificates: page.items.map((row) => describeSigning(user.name, row)), ...page.position };
  }),
);

const updateSigning = operation(
  'UpdateSigningCertificate',
  changeEntity({ action: 'UpdateSigningCertificate', kind: 'user', nameOf: (input) => input.UserName }, async ({ tx, row: user, input, call }) => {
    const row = await requireCredential(signingCertificates, tx, call.account, user.name, given(input.CertificateId));
    setCredential(signingCertificates, tx, call.account, user.name, { ...row, active: isActive(input.Status) });
    return {};
  }),
);

const deleteSigning = operation(
  'DeleteSigningCertificate',
  changeEntity({ action: 'DeleteSigningCertificate', kind: 'user', nameOf: (input) => input.UserName }, async ({ tx, row: user, input, call }) => {
    clearCredential(signingCertificates, tx, call.account, user.name, await requireCredential(signingCertificates, tx, call.account, user.name, given(input.CertificateId)));
    return {};
  }),
);

// User guide, "Service-specific credentials for IAM users". DEVIATION: API keys of Bedrock are refused; there is nothing to call with them.
const servicesWithCredentials: readonly string[] = ['codecommit.amazonaws.com', 'cassandra.amazonaws.com'];
const perService = 2;

const createForService = operation(
  'CreateServiceSpecificCredential',
  changeEntity(
    { action: 'CreateServiceSpecificCredential', kind: 'user', nameOf: (input) => input.UserName, conditions: (input) => serviceConditions(input.ServiceName) },
    async ({ tx, row: user, input, call, deps }) => {
      const serviceName = given(input.ServiceName);
      if (!servicesWithCredentials.includes(serviceName)) throw errors.serviceNotSupported(serviceName);
      if (input.CredentialAgeDays !== undefined) throw errors.invalidInput(`CredentialAgeDays is not supported for service ${serviceName}.`);
      const others = (await listCredentials(serviceCredentials, tx, call.account, user.name)).filter((other) => other.serviceName === serviceName);
      if (others.length >= perService) throw errors.quotaExceeded(serviceCredentials.quota.name, perService);
      const plain = `${user.name}-at-${call.account}`;
      const serviceUserName = others.some((other) => other.serviceUserName === plain) ? `${user.name}+1-at-${call.account}` : plain;
      const row: ServiceCredentialRow = { id: iamId(deps.random, 'ACCA'), serviceName, serviceUserName, active: true, createdAtMs: call.nowMs };
      await addCredential(serviceCredentials, tx, call.account, user, row);
      return { ServiceSpecificCredential: { ...describeForService(user.name, row), ServicePassword: deps.random.bytes(32).toString('base64') } };
    },
  ),
);

const resetForService = operation(
  'ResetServiceSpecificCredential',
  changeEntity({ action: 'ResetServiceSpecificCredential', kind: 'user', nameOf: (input) => input.UserName }, async ({ tx, row: user, input, call, deps }) => {
    const row = await requireCredential(serviceCredentials, tx, call.account, user.name, given(input.ServiceSpecificCredentialId));
    return { ServiceSpecificCredential: { ...describeForService(user.name, row), ServicePassword: deps.random.bytes(32).toString('base64') } };
  }),
);

const listForService = operation(
  'ListServiceSpecificCredentials',
  viewEntity({ action: 'ListServiceSpecificCredentials', kind: 'user', nameOf: (input) => input.UserName }, async ({ tx, row: user, input, call }) => {
    if (input.AllUsers === true) throw errors.invalidInput('Haneul lists service-specific credentials of one user at a time.');
    if (input.ServiceName !== undefined && !servicesWithCredentials.includes(input.ServiceName)) throw errors.serviceNotSupported(input.ServiceName);
    const rows = (await listCredentials(serviceCredentials, tx, call.account, user.name)).filter((row) => input.ServiceName === undefined || row.serviceName === input.ServiceName);
    const page = await pageOfList(input, rows, ({ id }) => id);
    return { ServiceSpecificCredentials: page.items.map((row) => describeForService(user.name, row)), ...page.position };
  }),
);

const updateForService = operation(
  'UpdateServiceSpecificCredential',
  changeEntity({ action: 'UpdateServiceSpecificCredential', kind: 'user', nameOf: (input) => input.UserName }, async ({ tx, row: user, input, call }) => {
    const row = await requireCredential(serviceCredentials, tx, call.account, user.name, given(input.ServiceSpecificCredentialId));
    setCredential(serviceCredentials, tx, call.account, user.name, { ...row, active: isActive(input.Status) });
    return {};
  }),
);

const deleteForService = operation(
  'DeleteServiceSpecificCredential',
  changeEntity({ action: 'DeleteServiceSpecificCredential', kind: 'user', nameOf: (input) => input.UserName }, async ({ tx, row: user, input, call }) => {
    clearCredential(serviceCredentials, tx, call.account, user.name, await requireCredential(serviceCredentials, tx, call.account, user.name, given(input.ServiceSpecificCredentialId)));
    return {};
  }),
);

/** By their names in the API. */
export const userCredentialOperations = {
  UploadSSHPublicKey: uploadSshKey,
  GetSSHPublicKey: getSshKey,
  ListSSHPublicKeys: listSshKeys,
  UpdateSSHPublicKey: updateSshKey,
  DeleteSSHPublicKey: deleteSshKey,
  UploadSigningCertificate: uploadSigning,
  ListSigningCertificates: listSigning,
  UpdateSigningCertificate: updateSigning,
  DeleteSigningCertificate: deleteSigning,
  CreateServiceSpecificCredential: createForService,
  ResetServiceSpecificCredential: resetForService,
  ListServiceSpecificCredentials: listForService,
  UpdateServiceSpecificCredential: updateForService,
  DeleteServiceSpecificCredential: deleteForService,
};

function describeSshKey(userName: string, row: SshKeyRow, body: string) {
  return { UserName: userName, SSHPublicKeyId: row.id, Fingerprint: sshFingerprint(row.encoded), SSHPublicKeyBody: body, Status: statusOf(row), UploadDate: new Date(row.createdAtMs) };
}

function describeSigning(userName: string, row: SigningCertificateRow) {
  return { UserName: userName, CertificateId: row.id, CertificateBody: row.body, Status: statusOf(row), UploadDate: new Date(row.createdAtMs) };
}

function describeForService(userName: string, row: ServiceCredentialRow) {
  return { UserName: userName, ServiceSpecificCredentialId: row.id, ServiceName: row.serviceName, ServiceUserName: row.serviceUserName, Status: statusOf(row), CreateDate: new Date(row.createdAtMs) };
}

function serviceConditions(serviceName: string | undefined): Record<string, string> {
  return serviceName === undefined ? {} : { 'iam:ServiceSpecificCredentialServiceName': serviceName };
}

function checkCertificate(body: string): string {
  try {
    new X509Certificate(body);
    return body.trim();
  } catch {
    throw errors.malformedCertificate();
  }
}
