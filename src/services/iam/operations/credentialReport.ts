// The credential report: every user of the account, and the state of what they sign in and sign requests with.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html

import type { ReadTransaction } from '../../../kv/store.ts';
import type { Call } from '../../../framework/context.ts';
import { iamArn } from '../domain/names.ts';
import { errors } from '../errors.ts';
import { credentialReportFreshMs, usersPerAccount } from '../limits.ts';
import { operation } from '../operation.ts';
import { listOwned, resourceTables, type PasswordPolicyRow } from '../resourceStore.ts';
import { findCredentialRow, findKeyUse, listEntityRows, nameKey, scopeOf, type UserRow } from '../store.ts';

const { credentialReports, loginProfiles, mfaOfUser, passwordPolicies } = resourceTables;
const dayMs = 86_400_000;

const keyColumns = (number: number): string[] => ['active', 'last_rotated', 'last_used_date', 'last_used_region', 'last_used_service'].map((column) => `access_key_${number}_${column}`);
const columns = [
  'user', 'arn', 'user_creation_time', 'password_enabled', 'password_last_used', 'password_last_changed', 'password_next_rotation', 'mfa_active',
  ...keyColumns(1), ...keyColumns(2),
  'cert_1_active', 'cert_1_last_rotated', 'cert_2_active', 'cert_2_last_rotated',
];

const generate = operation('GenerateCredentialReport', {
  access: () => ({ action: 'iam:GenerateCredentialReport', resource: '*' }),
  async handle(_input, call, { store }) {
    return await store.transact(async (tx) => {
      const row = await credentialReports.get(tx, scopeOf(call.account), ['current']);
      // One that is younger than four hours is given again (API reference, GenerateCredentialReport).
      if (row && row.generatedAtMs > call.nowMs - credentialReportFreshMs) return { State: 'COMPLETE' } as const;
      credentialReports.set(tx, scopeOf(call.account), ['current'], { generatedAtMs: call.nowMs });
      return { State: 'STARTED', Description: 'No report exists. Starting a new report generation task' } as const;
    });
  },
});

const get = operation('GetCredentialReport', {
  access: () => ({ action: 'iam:GetCredentialReport', resource: '*' }),
  async handle(_input, call, { store, use }) {
    await use?.flush();
    return await store.read(async (tx) => {
      const report = await credentialReports.get(tx, scopeOf(call.account), ['current']);
      if (!report) throw errors.noReport();
      if (report.generatedAtMs <= call.nowMs - credentialReportFreshMs) throw errors.reportExpired();
      const policy = await passwordPolicies.get(tx, scopeOf(call.account), ['current']);
      const users = await listEntityRows(tx, call.account, 'user', { after: undefined, limit: usersPerAccount });
      const lines = [columns.join(','), await lineOfRoot(tx, call)];
      // DEVIATION: AWS works the report out once, when it is generated; here it tells what is known when it is fetched.
      for (const { item } of users) lines.push(await lineOf(tx, item, call, policy));
      return { Content: Buffer.from(lines.join('\n')), ReportFormat: 'text/csv' as const, GeneratedTime: new Date(report.generatedAtMs) };
    });
  },
});

/** By their names in the API. */
export const credentialReportOperations = { GenerateCredentialReport: generate, GetCredentialReport: get };

const absent = 'N/A';
const noKey = ['false', absent, absent, absent, absent];
const noCertificates = ['false', absent, 'false', absent];

async function lineOfRoot(tx: ReadTransaction, { account }: Call): Promise<string> {
  const devices = await listOwned(mfaOfUser, tx, account, '', { limit: 1 });
  const password = ['not_supported', absent, 'not_supported', 'not_supported'];
  return ['<root_account>', `arn:aws:iam::${account}:root`, absent, ...password, String(devices.length > 0), ...noKey, ...noKey, ...noCertificates].join(',');
}

// Names of users hold nothing that a CSV file would have to quote but commas.
async function lineOf(tx: ReadTransaction, row: UserRow, { account }: Call, policy: PasswordPolicyRow | undefined): Promise<string> {
  const profile = await loginProfiles.get(tx, scopeOf(account), [nameKey(row.name)]);
  const age = policy?.MaxPasswordAge;
  const password = profile ? ['true', 'no_information', timeText(profile.changedAtMs), age === undefined ? absent : timeText(profile.changedAtMs + age * dayMs)] : ['false', absent, absent, absent];
  const devices = await listOwned(mfaOfUser, tx, account, row.name, { limit: 1 });
  const keys: string[] = [];
  for (const at of [0, 1]) keys.push(...(await keyFields(tx, account, row.accessKeyIds[at])));
  const fields = [row.name, iamArn(account, 'user', row.path, row.name), timeText(row.createdAtMs), ...password, String(devices.length > 0), ...keys, ...noCertificates];
  return fields.map((field) => (field.includes(',') ? `"${field}"` : field)).join(',');
}

async function keyFields(tx: ReadTransaction, account: string, accessKeyId: string | undefined): Promise<string[]> {
  const key = accessKeyId === undefined ? undefined : await findCredentialRow(tx, accessKeyId);
  if (accessKeyId === undefined || key?.kind !== 'user-key') return noKey;
  const used = await findKeyUse(tx, account, accessKeyId);
  return [String(key.active), timeText(key.createdAtMs), ...(used ? [timeText(used.atMs), used.region, used.service] : [absent, absent, absent])];
}

const timeText = (atMs: number): string => new Date(atMs).toISOString().replace(/\.\d{3}Z$/, '+00:00');
