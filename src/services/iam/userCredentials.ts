// What a user may have besides access keys and a password: SSH keys, signing certificates, credentials for one service. Nothing here
// takes them, so only what can be shown again is kept; tools make and list them.

import type { ReadTransaction, Transaction } from '../../kv/store.ts';
import { defineTable, type Table } from '../../kv/table.ts';
import { errors } from './errors.ts';
import { nameKey, scopeOf, setEntity, type UserRow } from './store.ts';

interface CredentialBase {
  readonly id: string;
  readonly active: boolean;
  readonly createdAtMs: number;
}

export interface SshKeyRow extends CredentialBase {
  /** As it was uploaded. */
  readonly body: string;
  /** In the form of ssh-rsa. */
  readonly encoded: string;
}

export interface SigningCertificateRow extends CredentialBase {
  readonly body: string;
}

export interface ServiceCredentialRow extends CredentialBase {
  readonly serviceName: string;
  readonly serviceUserName: string;
}

/** One kind of them. Keys: [user, id]. */
export interface CredentialKind<Row extends CredentialBase> {
  readonly table: Table<Row>;
  readonly quota: { readonly name: string; readonly max: number };
  readonly absent: (id: string) => Error;
}

export const sshKeys: CredentialKind<SshKeyRow> = {
  table: defineTable('iam', 'sshKeys'),
  quota: { name: 'SSHPublicKeysPerUser', max: 5 }, // IAM quotas, "IAM object quotas"
  absent: (id) => errors.noSuchSshKey(id),
};

export const signingCertificates: CredentialKind<SigningCertificateRow> = {
  table: defineTable('iam', 'signingCertificates'),
  quota: { name: 'SigningCertificatesPerUser', max: 2 }, // the same page
  absent: (id) => errors.noSuchCertificate(id),
};

export const serviceCredentials: CredentialKind<ServiceCredentialRow> = {
  table: defineTable('iam', 'serviceCredentials'),
  // User guide, "Service-specific credentials": two for each of the two services.
  quota: { name: 'ServiceSpecificCredentialsPerUser', max: 4 },
  absent: (id) => errors.noSuchServiceCredential(id),
};

export async function listCredentials<Row extends CredentialBase>(kind: CredentialKind<Row>, tx: ReadTransaction, account: string, userName: string): Promise<Row[]> {
  const rows = await kind.table.list(tx, scopeOf(account), [nameKey(userName)], { limit: kind.quota.max });
  return rows.map(({ row }) => row);
}

/** Of the user, or IAM's error. */
export async function requireCredential<Row extends CredentialBase>(kind: CredentialKind<Row>, tx: ReadTransaction, account: string, userName: string, id: string): Promise<Row> {
  const row = await kind.table.get(tx, scopeOf(account), [nameKey(userName), id]);
  if (!row) throw kind.absent(id);
  return row;
}

/** Adds one, within the quota. Writing the user as well makes two that come at once conflict. */
export async function addCredential<Row extends CredentialBase>(kind: CredentialKind<Row>, tx: Transaction, account: string, user: UserRow, row: Row): Promise<void> {
  const others = await listCredentials(kind, tx, account, user.name);
  if (others.length >= kind.quota.max) throw errors.quotaExceeded(kind.quota.name, kind.quota.max);
  setEntity(tx, account, user);
  setCredential(kind, tx, account, user.name, row);
}

export function setCredential<Row extends CredentialBase>(kind: CredentialKind<Row>, tx: Transaction, account: string, userName: string, row: Row): void {
  kind.table.set(tx, scopeOf(account), [nameKey(userName), row.id], row);
}

export function clearCredential<Row extends CredentialBase>(kind: CredentialKind<Row>, tx: Transaction, account: string, userName: string, row: Row): void {
  kind.table.clear(tx, scopeOf(account), [nameKey(userName), row.id]);
}

/** They move along when the user gets another name. */
export async function moveCredentials(tx: Transaction, account: string, from: string, to: string): Promise<void> {
  const move = async <Row extends CredentialBase>(kind: CredentialKind<Row>): Promise<void> => {
    for (const row of await listCredentials(kind, tx, account, from)) {
      clearCredential(kind, tx, account, from, row);
      setCredential(kind, tx, account, to, row);
    }
  };
  await move(sshKeys);
  await move(signingCertificates);
  await move(serviceCredentials);
}

/** Throws while the user has any. */
export async function refuseWithCredentials(tx: ReadTransaction, account: string, userName: string): Promise<void> {
  const has = async <Row extends CredentialBase>(kind: CredentialKind<Row>): Promise<boolean> => (await listCredentials(kind, tx, account, userName)).length > 0;
  if (await has(sshKeys)) throw errors.deleteConflict('Cannot delete entity, must delete SSH public keys first.');
  if (await has(signingCertificates)) throw errors.deleteConflict('Cannot delete entity, must delete signing certificates first.');
  if (await has(serviceCredentials)) throw errors.deleteConflict('Cannot delete entity, must delete service specific credentials first.');
}

/** The status that a request sets. */
export function isActive(status: string | undefined): boolean {
  if (status === 'Expired') throw errors.validation('Status cannot be set to Expired.');
  return status === 'Active';
}

export const statusOf = ({ active }: CredentialBase): 'Active' | 'Inactive' => (active ? 'Active' : 'Inactive');
