// What the server has acknowledged survives `kill -9` at any moment. A person creates, changes and deletes functions, roles and
// logs; the server is killed in the middle, again and again; after each restart everything acknowledged is there and works.
// What was under way at the kill is there whole or not at all.

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { CreateLogGroupCommand, CreateLogStreamCommand, FilterLogEventsCommand, PutLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { AttachRolePolicyCommand, CreateRoleCommand, ListAttachedRolePoliciesCommand, ListRolesCommand } from '@aws-sdk/client-iam';
import {
  CreateFunctionCommand,
  DeleteFunctionCommand,
  GetFunctionCommand,
  paginateListFunctions,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionActiveV2,
} from '@aws-sdk/client-lambda';
import { createSeededRandom } from '../../src/base/random.ts';
import { basicExecutionPolicyArn, invoke, lambdaTrustPolicy } from '../support/functions.ts';
import { sdkClients, type SdkClients } from '../support/sdkClients.ts';
import { startServerProcess, type ServerProcess } from '../support/serverProcess.ts';
import { zipFiles } from '../support/zipFolder.ts';

const rounds = Number(process.env['HANEUL_KILLS'] ?? 5);
const seed = Number(process.env['HANEUL_SEED'] ?? randomInt(2 ** 31));
const random = createSeededRandom(seed);
const below = (limit: number): number => Math.floor(random.fraction() * limit);

/** What the server has told us. `maybe` holds what a call that was under way at the kill would make of it. */
interface FunctionModel {
  code: number;
  setting: string;
  maybe?: { readonly code: number; readonly setting: string } | 'deleted' | 'created';
}

const functions = new Map<string, FunctionModel>();
const roles = new Set<string>();
const events: string[] = [];
let counter = 0;
let acknowledged = 0;
let open = 0;

let dataFolder = '';
let server: ServerProcess | undefined;
let aws: SdkClients;

before(() => {
  dataFolder = mkdtempSync(join(tmpdir(), 'haneul-kill-'));
});
after(async () => {
  aws?.destroy();
  await server?.kill();
  rmSync(dataFolder, { recursive: true, force: true });
});

async function start(): Promise<void> {
  aws?.destroy();
  server = await startServerProcess({ dataFolder });
  aws = sdkClients(server.endpoint);
}

const packageOf = (code: number): Uint8Array =>
  zipFiles({ 'index.js': `exports.handler = async () => ({ code: ${code}, setting: process.env.SETTING });`, 'ballast.txt': 'ballast '.repeat(below(20_000)) });

test(`everything acknowledged survives ${rounds} kills (HANEUL_SEED=${seed})`, { timeout: rounds * 45_000 }, async (t) => {
  await start();
  await makeRole('first');
  await createLogs();
  for (let round = 1; round <= rounds; round += 1) {
    await t.test(`kill ${round}`, async () => {
      await workUntilKilled(6 + below(30), below(200));
      await start();
      await checkFunctions();
      await checkRoles();
      await checkEvents();
    });
  }
  t.diagnostic(`${acknowledged} calls were acknowledged, ${open} were under way at a kill; ${functions.size} functions, ${roles.size} roles, ${events.length} events`);
  assert.ok(acknowledged > rounds * 5 && open > 0, 'the kills met work');
  await t.test('a server that stops in good order starts again with the same', async () => {
    assert.equal(await server?.stop(), 0);
    await start();
    await checkFunctions();
    await checkEvents();
  });
});

async function makeRole(name: string): Promise<void> {
  await aws.iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: lambdaTrustPolicy }));
  await aws.iam.send(new AttachRolePolicyCommand({ RoleName: name, PolicyArn: basicExecutionPolicyArn }));
  roles.add(name);
}

async function createLogs(): Promise<void> {
  await aws.logs.send(new CreateLogGroupCommand({ logGroupName: 'kept' }));
  await aws.logs.send(new CreateLogStreamCommand({ logGroupName: 'kept', logStreamName: 'one' }));
}

/** Four people work at once; the server dies under their hands, after so many calls (however fast the machine is) and a moment more. */
async function workUntilKilled(afterCalls: number, afterMs: number): Promise<void> {
  let killed = false;
  const enough = acknowledged + afterCalls;
  let haveEnough: () => void = () => undefined;
  const worked = new Promise<void>((resolve) => (haveEnough = resolve));
  const working = (async () => {
    const people = Array.from({ length: 4 }, async () => {
      while (!killed) {
        try {
          await oneStep();
          acknowledged += 1;
          if (acknowledged >= enough) haveEnough();
        } catch (error) {
          // A refused connection, or one that broke before the answer: from here on the call's outcome is open.
          if (!killed && !isDisconnect(error)) throw error;
          open += 1;
          return;
        }
      }
    });
    await Promise.all(people);
  })();
  const pending = working.then(() => undefined, (error: unknown) => error);
  await Promise.race([worked, pending]);
  await new Promise((resolve) => setTimeout(resolve, afterMs));
  killed = true;
  await server?.kill();
  const error = await pending;
  if (error !== undefined) throw error;
}

function isDisconnect(error: unknown): boolean {
  return error instanceof Error && (/ECONNRESET|ECONNREFUSED|socket hang up|EPIPE|other side closed/.test(`${error.message} ${'code' in error ? String(error.code) : ''}`) || error.name === 'TimeoutError');
}

async function oneStep(): Promise<void> {
  counter += 1;
  const dice = random.fraction();
  const idle = [...functions].filter(([, model]) => model.maybe === undefined);
  const [name, model] = idle[below(Math.max(1, idle.length))] ?? [];
  if (name === undefined || model === undefined || (dice < 0.3 && functions.size < 25)) return createOne(`fn-${counter}`, counter);
  if (dice < 0.45) return change(name, model, { code: counter, setting: model.setting });
  if (dice < 0.65) return change(name, model, { code: model.code, setting: `s${counter}` });
  if (dice < 0.72) return remove(name, model);
  if (dice < 0.8) return makeRole(`role-${counter}`);
  const message = `event ${counter}`;
  await aws.logs.send(new PutLogEventsCommand({ logGroupName: 'kept', logStreamName: 'one', logEvents: [{ timestamp: Date.now(), message }] }));
  events.push(message);
}

async function createOne(name: string, code: number): Promise<void> {
  const model: FunctionModel = { code, setting: 'new', maybe: 'created' };
  functions.set(name, model);
  await aws.lambda.send(
    new CreateFunctionCommand({
      FunctionName: name,
      Runtime: 'nodejs22.x',
      Handler: 'index.handler',
      Role: 'arn:aws:iam::000000000000:role/first',
      Code: { ZipFile: packageOf(code) },
      Environment: { Variables: { SETTING: 'new' } },
    }),
  );
  // As a person would: nothing can be changed while the function is Pending.
  delete model.maybe;
}

async function change(name: string, model: FunctionModel, next: { readonly code: number; readonly setting: string }): Promise<void> {
  model.maybe = next;
  try {
    if (next.code !== model.code) await aws.lambda.send(new UpdateFunctionCodeCommand({ FunctionName: name, ZipFile: packageOf(next.code) }));
    else await aws.lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: name, Environment: { Variables: { SETTING: next.setting } } }));
    Object.assign(model, next);
    delete model.maybe;
  } catch (error) {
    // "The operation cannot be performed at this time": the last change is still being applied. An answer, and nothing changed.
    if (!(error instanceof Error && error.name === 'ResourceConflictException')) throw error;
    delete model.maybe;
  }
}

async function remove(name: string, model: FunctionModel): Promise<void> {
  model.maybe = 'deleted';
  await aws.lambda.send(new DeleteFunctionCommand({ FunctionName: name }));
  functions.delete(name);
}

async function checkFunctions(): Promise<void> {
  const found = new Set<string>();
  for await (const page of paginateListFunctions({ client: aws.lambda }, {})) for (const item of page.Functions ?? []) found.add(item.FunctionName ?? '');
  for (const name of found) assert.ok(functions.has(name), `${name} was deleted and acknowledged, and is back`);
  for (const [name, model] of functions) await settle(name, model, found.has(name));
  // One invocation each would be most of the test's time; three a round are picked.
  const names = [...functions.keys()];
  for (let pick = 0; pick < 3 && names.length > 0; pick += 1) {
    const name = names.splice(below(names.length), 1)[0] ?? '';
    await waitUntilFunctionActiveV2({ client: aws.lambda, maxWaitTime: 30, minDelay: 1 }, { FunctionName: name });
    const { payload, text } = await invoke(aws.lambda, name);
    const model = functions.get(name);
    assert.deepEqual(payload, { code: model?.code, setting: model?.setting }, text);
  }
}

/** Compares one function with the model, and settles what was open at the kill by what is there now. */
async function settle(name: string, model: FunctionModel, found: boolean): Promise<void> {
  const { maybe } = model;
  delete model.maybe;
  if (!found) {
    assert.ok(maybe === 'created' || maybe === 'deleted', `${name} was acknowledged and is gone`);
    functions.delete(name);
    return;
  }
  const { Configuration, Code } = await aws.lambda.send(new GetFunctionCommand({ FunctionName: name }));
  const setting = Configuration?.Environment?.Variables?.['SETTING'];
  const source = Buffer.from(await (await fetch(Code?.Location ?? '')).arrayBuffer());
  assert.ok(source.length > 0 && source.length === Configuration?.CodeSize, `${name}: the package is whole`);
  if (typeof maybe === 'object') {
    if (setting === maybe.setting) model.setting = maybe.setting;
    if (maybe.code !== model.code) {
      await waitUntilFunctionActiveV2({ client: aws.lambda, maxWaitTime: 30, minDelay: 1 }, { FunctionName: name });
      const { payload } = await invoke(aws.lambda, name);
      if ((payload as { code?: number } | undefined)?.code === maybe.code) model.code = maybe.code;
    }
  }
  assert.equal(setting, model.setting, `${name}: the last acknowledged setting`);
}

async function checkRoles(): Promise<void> {
  const { Roles = [] } = await aws.iam.send(new ListRolesCommand({ MaxItems: 1_000 }));
  const found = new Set(Roles.map((role) => role.RoleName));
  for (const name of roles) {
    assert.ok(found.has(name), `role ${name} was acknowledged and is gone`);
    const { AttachedPolicies } = await aws.iam.send(new ListAttachedRolePoliciesCommand({ RoleName: name }));
    assert.equal(AttachedPolicies?.[0]?.PolicyArn, basicExecutionPolicyArn, `role ${name}: its policy`);
  }
}

async function checkEvents(): Promise<void> {
  const found = new Set<string>();
  let nextToken: string | undefined;
  do {
    const page = await aws.logs.send(new FilterLogEventsCommand({ logGroupName: 'kept', nextToken }));
    for (const event of page.events ?? []) found.add(event.message ?? '');
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  for (const message of events) assert.ok(found.has(message), `"${message}" was acknowledged and is gone (${found.size} of ${events.length} are there)`);
}
