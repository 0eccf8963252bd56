// The work of a soak: callers, senders and people who change things, all at once.

import assert from 'node:assert/strict';
import { AttachRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  CreateEventSourceMappingCommand, DeleteFunctionCommand, InvokeCommand, PublishVersionCommand, PutFunctionEventInvokeConfigCommand,
  UpdateEventSourceMappingCommand, UpdateFunctionCodeCommand, UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { CreateQueueCommand, GetQueueAttributesCommand, SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Random } from '../../src/base/random.ts';
import { createExecutionRole, createFunction, invoke } from '../../test/support/functions.ts';
import { sdkClients, sdkConfig, type SdkClients } from '../../test/support/sdkClients.ts';
import { zipFiles } from '../../test/support/zipFolder.ts';
import { soakFunctions, type SoakFunction } from './soakFunctions.ts';

export interface SoakWork {
  counts(): { readonly invocations: number; readonly changes: number };
  /** Ends it, and waits until events and messages have been worked off. */
  end(): Promise<{ readonly outcome: string; readonly problems: readonly string[] }>;
}

const callersAtOnce = 6;
const problemsMax = 20;
// What an invocation meets whose function is being changed or made again, and what a full host answers.
const excused = /TooManyRequests|ResourceConflict|ResourceNotFound|ProvisionedConcurrency|Rate Exceeded/;

interface World {
  readonly clients: SdkClients;
  readonly sqs: SQSClient;
  readonly Role: string;
  readonly random: Random;
}

/** Makes functions, a queue and a mapping, and begins. */
export async function startSoakWork(endpoint: string, random: Random): Promise<SoakWork> {
  const world: World = { clients: sdkClients(endpoint), sqs: new SQSClient(sdkConfig(endpoint)), Role: '', random };
  const Role = await createExecutionRole(world.clients);
  await world.clients.iam.send(new AttachRolePolicyCommand({ RoleName: Role.slice(Role.lastIndexOf('/') + 1), PolicyArn: 'arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole' }));
  const { clients, sqs } = world;
  for (const one of soakFunctions) await make(one, { ...world, Role });
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: 'soak', Attributes: { VisibilityTimeout: '60' } }));
  const { UUID } = await clients.lambda.send(new CreateEventSourceMappingCommand({ FunctionName: 'soak-node', EventSourceArn: 'arn:aws:sqs:us-east-1:000000000000:soak' }));
  const counts = { invocations: 0, changes: 0, events: 0, messages: 0 };
  const outcomes = new Map<string, number>();
  const problems: string[] = [];
  let ended = false;

  const pick = <T>(list: readonly T[]): T => list[Math.floor(random.fraction() * list.length)] ?? assert.fail('nothing to pick');
  const shares = soakFunctions.flatMap((one) => Array.from({ length: one.share }, () => one));

  async function callOne(): Promise<void> {
    const one = pick(shares);
    const sent = (counts.invocations += 1);
    const { functionError: error, text } = await invoke(clients.lambda, `soak-${one.name}`, { sent });
    outcomes.set(one.name, (outcomes.get(one.name) ?? 0) + 1);
    one.check({ error, text }, sent);
  }

  async function sendEvents(): Promise<void> {
    await clients.lambda.send(new InvokeCommand({ FunctionName: `soak-${pick(shares).name}`, InvocationType: 'Event', Payload: '{"sent":0}' }));
    const Entries = Array.from({ length: 10 }, (_, at) => ({ Id: `${at}`, MessageBody: 'x'.repeat(1_000) }));
    await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    counts.events += 1;
    counts.messages += Entries.length;
    await pause(50);
  }

  async function changeOne(): Promise<void> {
    const one = pick(soakFunctions);
    const FunctionName = `soak-${one.name}`;
    const { lambda } = clients;
    const change = pick([
      () => lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, Environment: { Variables: { CHANGED: String(counts.changes) } } })),
      () => lambda.send(new UpdateFunctionCodeCommand({ FunctionName, ZipFile: zipFiles({ ...one.files, 'changed.txt': String(counts.changes) }) })),
      () => lambda.send(new PublishVersionCommand({ FunctionName })),
      () => lambda.send(new UpdateEventSourceMappingCommand({ UUID, BatchSize: 1 + Math.floor(random.fraction() * 10), Enabled: true })),
      async () => {
        // The mapping's own function stays: what it works off is counted at the end.
        if (one.name === 'node') return;
        await lambda.send(new DeleteFunctionCommand({ FunctionName }));
        await make(one, { ...world, Role });
      },
    ]);
    await change();
    counts.changes += 1;
    await pause(150);
  }

  async function repeat(step: () => Promise<void>): Promise<void> {
    while (!ended) {
      try {
        await step();
      } catch (error) {
        const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
        if (!excused.test(text) && problems.length < problemsMax) problems.push(text.slice(0, 600));
        if (/ECONNREFUSED|ECONNRESET/.test(text)) return;
      }
    }
  }

  const workers = [...Array.from({ length: callersAtOnce }, () => repeat(callOne)), repeat(sendEvents), repeat(changeOne)];
  return {
    counts: () => counts,
    async end() {
      ended = true;
      await Promise.all(workers);
      const left = await drain(world, QueueUrl);
      if (left > 0) problems.push(`${left} of ${counts.messages} messages were not worked off`);
      for (const { name } of soakFunctions) await clients.lambda.send(new DeleteFunctionCommand({ FunctionName: `soak-${name}` })).catch((error: unknown) => problems.push(String(error)));
      clients.destroy();
      sqs.destroy();
      for (const { name } of soakFunctions) if (!outcomes.has(name)) problems.push(`${name} was never invoked: the soak was too short`);
      return { outcome: `soak: ${counts.invocations} invocations, ${counts.events} events, ${counts.messages} messages, ${counts.changes} changes: ${[...outcomes].map(([name, count]) => `${name} ${count}`).join(', ')}`, problems };
    },
  };
}

async function make(one: SoakFunction, { clients, Role }: World): Promise<void> {
  const { name, Runtime, Timeout, files } = one;
  const FunctionName = `soak-${name}`;
  await createFunction(clients.lambda, { Role, FunctionName, Runtime, Timeout, files, Handler: 'index.handler' });
  // What fails is not tried again: a soak is about what is left, not about patience.
  await clients.lambda.send(new PutFunctionEventInvokeConfigCommand({ FunctionName, MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 }));
}

/** How many messages are left when nothing more happens. */
async function drain({ sqs }: World, QueueUrl: string): Promise<number> {
  const AttributeNames = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const;
  for (let tries = 0; ; tries += 1) {
    const { Attributes = {} } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...AttributeNames] }));
    const left = AttributeNames.reduce((sum, name) => sum + Number(Attributes[name] ?? 0), 0);
    if (left === 0 || tries === 60) return left;
    await pause(1_000);
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
