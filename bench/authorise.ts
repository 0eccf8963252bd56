// What it costs to authorise one request of a user with 10 policies of 20 statements, as the handler chain does it: policies
// found under the account's epoch, then decided. `npm run bench -- authorise [--runs=RUNS] [--requests=REQUESTS] [--quick | --long]`
import { parseArgs } from 'node:util';
import { wallClock } from '../src/base/clock.ts';
import { silentLogger } from '../src/base/log.ts';
import { cryptoRandom } from '../src/base/random.ts';
import { authoriseAccess, type Authoriser } from '../src/framework/authorise.ts';
import type { AccessRequest } from '../src/framework/context.ts';
import { testCall } from '../src/framework/testing/testCall.ts';
import { openMemoryStore } from '../src/kv/drivers/memory/openMemoryStore.ts';
import { createActionCatalogue } from '../src/policy/actionCatalogue.ts';
import { createPolicyCache } from '../src/policy/policyCache.ts';
import type { Caller } from '../src/ports/identity.ts';
import { createAccessUse } from '../src/services/iam/accessUse.ts';
import { createIdentity } from '../src/services/iam/provides.ts';
import { iamService } from '../src/services/iam/service.ts';
import { bySize } from './support/extent.ts';
import { median, report } from './support/report.ts';

const options = parseArgs({ options: { runs: { type: 'string' }, requests: { type: 'string' }, quick: { type: 'boolean' }, long: { type: 'boolean' } } }).values;
const runs = Number(options.runs ?? bySize({ quick: 1, usual: 5, long: 7 }));
const requests = Number(options.requests ?? bySize({ quick: 2_000, usual: 50_000, long: 50_000 }));
const policies = 10;
const statements = 20;
const limitMicroseconds = 15;
const account = '000000000000';

const store = openMemoryStore({ clock: wallClock, random: cryptoRandom });
const identity = createIdentity({ store, clock: wallClock, wall: wallClock, random: cryptoRandom, log: silentLogger, toleratesMissingRoles: false });
const use = createAccessUse({ store, wall: wallClock, log: silentLogger });
const { managedPolicies } = identity;
const iam = iamService.bind({ store, random: cryptoRandom, managedPolicies, actions: createActionCatalogue(), use });
const authoriser: Authoriser = { credentials: identity, iam: 'enforce', policies: createPolicyCache(), log: silentLogger, use };

/** Each statement names five actions, two resources and a condition; one in `speaksEvery` names the action that is asked for. */
function documentOf(policy: number, speaksEvery: number): string {
  const list = Array.from({ length: statements }, (_, index) => ({
    Sid: `S${index}`,
    Effect: 'Allow',
    Action: [`sqs:Op${index}*`, `sns:Op${index}`, `dynamodb:Get${index}*`, 's3:ListBucket', (policy * statements + index) % speaksEvery === 0 ? 's3:Get*' : `s3:Put${index}*`],
    Resource: [`arn:aws:s3:::b-${policy}-${index}/*`, `arn:aws:s3:::c-\${aws:username}-${policy}-${index}/*`],
    Condition: { StringLike: { 'aws:UserAgent': ['aws-*', 'bench*'] } },
  }));
  return JSON.stringify({ Version: '2012-10-17', Statement: list });
}

async function createUser(userName: string, speaksEvery: number): Promise<Caller> {
  const call = testCall({ nowMs: wallClock.now() });
  const run = async (name: string, input: object): Promise<unknown> => await iam.find(name)?.handle(input, call);
  const { User } = (await run('CreateUser', { UserName: userName })) as { User: { Arn: string; UserId: string } };
  for (let policy = 0; policy < policies; policy += 1) {
    const created = (await run('CreatePolicy', { PolicyName: `${userName}-${policy}`, PolicyDocument: documentOf(policy, speaksEvery) })) as { Policy: { Arn: string } };
    await run('AttachUserPolicy', { UserName: userName, PolicyArn: created.Policy.Arn });
  }
  return { kind: 'user', account, arn: User.Arn, userId: User.UserId, userName };
}

/** Median of the mean of many requests, in microseconds. */
async function measure(caller: Caller, access: AccessRequest): Promise<number> {
  const call = testCall({ caller, nowMs: wallClock.now(), head: { method: 'GET', path: '/', query: '', headers: { 'user-agent': 'bench' } } });
  const about = { protocol: 'restXml', credential: undefined } as const;
  const means: number[] = [];
  for (let run = 0; run <= runs; run += 1) {
    const startMs = performance.now();
    for (let count = 0; count < requests; count += 1) await authoriseAccess(access, call, about, authoriser);
    // The first run warms up.
    if (run > 0) means.push(((performance.now() - startMs) / requests) * 1_000);
  }
  return Math.round(median(means) * 100) / 100;
}

const few = await createUser('few', 10);
const all = await createUser('all', 1);
const lastFew = { action: 's3:GetObject', resource: 'arn:aws:s3:::b-9-10/key' };
const last = { action: 's3:GetObject', resource: 'arn:aws:s3:::b-9-19/key' };
const rows = [
  { request: '20 of 200 statements name the action, the last one allows', microseconds: await measure(few, lastFew) },
  { request: 'all 200 statements name the action, the last one allows', microseconds: await measure(all, last) },
];
await use.close();
report('authorise', rows, [`at most ${limitMicroseconds} microseconds are wanted for the first`]);
if ((rows[0]?.microseconds ?? 0) > limitMicroseconds) process.exitCode = 1;
