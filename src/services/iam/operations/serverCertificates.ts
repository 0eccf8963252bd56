// Certificates for servers, from before there was ACM. No server here takes them, so of the private key only is made sure that it fits.

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { iamId } from '../../../base/ids.ts';
import type { Call } from '../../../framework/context.ts';
import { defineTable } from '../../../kv/table.ts';
import { formatArn } from '../../../base/arn.ts';
import { pageOf } from '../domain/paging.ts';
import { mergeTags, tagConditions } from '../domain/tags.ts';
import { errors } from '../errors.ts';
import { certificateChainCharsMax, serverCertificatesPerAccount } from '../limits.ts';
import { given } from '../onEntity.ts';
import { changeResource, describeTags, listResourceTags, tagResource, untagResource, viewResource, type ResourceKind } from '../onResource.ts';
import { operation } from '../operation.ts';
import { listByName } from '../resourceStore.ts';
import { addToCount, nameKey, scopeOf, type Tag } from '../store.ts';

interface ServerCertificateRow {
  readonly name: string;
  readonly path: string;
  readonly id: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly body: string;
  readonly chain?: string;
  readonly tags: readonly Tag[];
}

/** [name] */
const table = defineTable<ServerCertificateRow>('iam', 'serverCertificates');

const arnOf = (account: string, path: string, name: string): string => formatArn({ service: 'iam', region: '', account, resource: `server-certificate${path}${name}` });

const certificates: ResourceKind<ServerCertificateRow> = {
  table,
  keyOf: nameKey,
  arnOf: ({ path, name }, account) => arnOf(account, path, name),
  arnOfAbsent: (name, account) => arnOf(account, '/', name),
  absent: (name) => errors.noSuchServerCertificate(name),
};

const upload = operation('UploadServerCertificate', {
  access: (input, call) => ({
    action: 'iam:UploadServerCertificate',
    resource: arnOf(call.account, input.Path ?? '/', given(input.ServerCertificateName)),
    conditions: tagConditions(input.Tags),
  }),
  async handle(input, call, { store, random }) {
    const name = given(input.ServerCertificateName);
    const body = given(input.CertificateBody);
    const certificate = readCertificate(body);
    requirePair(certificate, given(input.PrivateKey));
    const { CertificateChain: chain } = input;
    if (chain !== undefined) checkChain(chain);
    const row: ServerCertificateRow = {
      name,
      path: input.Path ?? '/',
      id: iamId(random, 'ASCA'),
      createdAtMs: call.nowMs,
      expiresAtMs: Date.parse(certificate.validTo),
      body,
      ...(chain !== undefined && { chain }),
      tags: mergeTags([], input.Tags),
    };
    await store.transact(async (tx) => {
      if (await table.get(tx, scopeOf(call.account), [nameKey(name)])) throw errors.serverCertificateExists(name);
      if ((await addToCount(tx, call.account, 'serverCertificate', 1)) > serverCertificatesPerAccount) throw errors.quotaExceeded('ServerCertificatesPerAccount', serverCertificatesPerAccount);
      table.set(tx, scopeOf(call.account), [nameKey(name)], row);
    });
    return { ServerCertificateMetadata: describe(row, call), ...describeTags(row.tags) };
  },
});

const get = operation(
  'GetServerCertificate',
  viewResource(certificates, { action: 'GetServerCertificate', nameOf: (input) => input.ServerCertificateName }, ({ row, call }) => ({
    ServerCertificate: { ServerCertificateMetadata: describe(row, call), CertificateBody: row.body, ...(row.chain !== undefined && { CertificateChain: row.chain }), ...describeTags(row.tags) },
  })),
);

const list = operation('ListServerCertificates', {
  access: () => ({ action: 'iam:ListServerCertificates', resource: '*' }),
  async handle(input, call, { store }) {
    return await store.read(async (tx) => {
      const page = await pageOf(input, (after, limit) => listByName(table, tx, call.account, { after, limit }), (row) => row.path.startsWith(input.PathPrefix ?? '/'));
      return { ServerCertificateMetadataList: page.items.map((row) => describe(row, call)), ...page.position };
    });
  },
});

const update = operation(
  'UpdateServerCertificate',
  changeResource(
    certificates,
    {
      action: 'UpdateServerCertificate',
      nameOf: (input) => input.ServerCertificateName,
      // API reference: permission is needed on the old name and on the new one.
      also: async (input, call) => [{ action: 'iam:UpdateServerCertificate', resource: arnOf(call.account, input.NewPath ?? '/', input.NewServerCertificateName ?? given(input.ServerCertificateName)) }],
    },
    async ({ tx, row, key, input, call }) => {
      const { NewServerCertificateName: name = row.name, NewPath: path = row.path } = input;
      if (nameKey(name) !== key && (await table.get(tx, scopeOf(call.account), [nameKey(name)]))) throw errors.serverCertificateExists(name);
      table.clear(tx, scopeOf(call.account), [key]);
      table.set(tx, scopeOf(call.account), [nameKey(name)], { ...row, name, path });
      return {};
    },
  ),
);

const remove = operation(
  'DeleteServerCertificate',
  changeResource(certificates, { action: 'DeleteServerCertificate', nameOf: (input) => input.ServerCertificateName }, async ({ tx, key, call }) => {
    await addToCount(tx, call.account, 'serverCertificate', -1);
    table.clear(tx, scopeOf(call.account), [key]);
    return {};
  }),
);

/** By their names in the API. */
export const serverCertificateOperations = {
  UploadServerCertificate: upload,
  GetServerCertificate: get,
  ListServerCertificates: list,
  UpdateServerCertificate: update,
  DeleteServerCertificate: remove,
  TagServerCertificate: operation('TagServerCertificate', tagResource(certificates, { action: 'TagServerCertificate', nameOf: (input) => input.ServerCertificateName })),
  UntagServerCertificate: operation('UntagServerCertificate', untagResource(certificates, { action: 'UntagServerCertificate', nameOf: (input) => input.ServerCertificateName })),
  ListServerCertificateTags: operation('ListServerCertificateTags', listResourceTags(certificates, { action: 'ListServerCertificateTags', nameOf: (input) => input.ServerCertificateName })),
};

function describe(row: ServerCertificateRow, { account }: Call) {
  return {
    Path: row.path,
    ServerCertificateName: row.name,
    ServerCertificateId: row.id,
    Arn: arnOf(account, row.path, row.name),
    UploadDate: new Date(row.createdAtMs),
    Expiration: new Date(row.expiresAtMs),
  };
}

function readCertificate(text: string): X509Certificate {
  try {
    if (!text.trimStart().startsWith('-----BEGIN CERTIFICATE-----')) throw errors.malformedCertificate();
    return new X509Certificate(text);
  } catch {
    throw errors.malformedCertificate();
  }
}

function requirePair(certificate: X509Certificate, keyText: string): void {
  let fits: boolean;
  try {
    fits = certificate.checkPrivateKey(createPrivateKey(keyText));
  } catch {
    throw errors.malformedPrivateKey();
  }
  if (!fits) throw errors.keyPairMismatch();
}

function checkChain(chain: string): void {
  if (chain.length > certificateChainCharsMax) throw errors.invalidInput(`Haneul takes certificate chains of up to ${certificateChainCharsMax} characters.`);
  const found = chain.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (found.length === 0) throw errors.malformedCertificate();
  for (const one of found) readCertificate(one);
}
