// A role for functions, made without a client: loading one costs a test file more than everything else that it starts with.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { requestHead, sendOne } from './rawHttp.ts';

export const lambdaTrustPolicy = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
});

export const basicExecutionPolicyArn = 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole';

/** A role that Lambda may assume and that may write logs, on a server that trusts unknown keys; answers its ARN. */
export async function makeExecutionRole(endpoint: string): Promise<string> {
  const RoleName = `role-${randomBytes(5).toString('hex')}`;
  const created = await askIam(endpoint, { Action: 'CreateRole', RoleName, AssumeRolePolicyDocument: lambdaTrustPolicy });
  await askIam(endpoint, { Action: 'AttachRolePolicy', RoleName, PolicyArn: basicExecutionPolicyArn });
  return /<Arn>([^<]+)<\/Arn>/.exec(created)?.[1] ?? '';
}

async function askIam(endpoint: string, parameters: Readonly<Record<string, string>>): Promise<string> {
  const form = new URLSearchParams({ Version: '2010-05-08', ...parameters }).toString();
  const head = requestHead('POST /', 'iam', { 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Length': Buffer.byteLength(form) });
  const { status, body } = await sendOne(Number(new URL(endpoint).port), head + form);
  assert.equal(status, 200, body);
  return body;
}
