// What schedules cost: nothing while they wait, however many there are, and how late they are when their second comes. The targets: 100,000 of
// them take no processor time, and each fires within 100 ms. `npm run bench -- schedules [--quick]`.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { CreateQueueCommand, DeleteMessageBatchCommand, type Message, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { sdkConfig } from '../test/support/sdkClients.ts';
import { startServerProcess, type ServerProcess } from '../test/support/serverProcess.ts';
import { processorMilliseconds } from './support/processorTime.ts';
import { report, type Row } from './support/report.ts';
import { loopRequests, type SentRequest, signedHeaders } from './support/requestLoop.ts';

const quick = process.argv.includes('--quick');
const waiting = quick ? 2_000 : 100_000;
const due = quick ? 100 : 1_000;
/** The seconds that those which fire are spread over. */
const seconds = quick ? 2 : 10;
const idleMs = quick ? 2_000 : 20_000;
const account = '000000000000';
const queueArn = `arn:aws:sqs:us-east-1:${account}:bench`;
const roleArn = `arn:aws:iam::${account}:role/bench`;

const folder = mkdtempSync(join(tmpdir(), 'haneul-bench-'));
const server = await startServerProcess({ dataFolder: join(folder, 'data') });
try {
  await measure(server);
} finally {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function measure({ endpoint, port, pid }: ServerProcess): Promise<void> {
  const [iam, sqs] = [new IAMClient(sdkConfig(endpoint)), new SQSClient(sdkConfig(endpoint))];
  const document = (Statement: object): string => JSON.stringify({ Version: '2012-10-17', Statement });
  await iam.send(new CreateRoleCommand({ RoleName: 'bench', AssumeRolePolicyDocument: document({ Effect: 'Allow', Principal: { Service: 'scheduler.amazonaws.com' }, Action: 'sts:AssumeRole' }) }));
  await iam.send(new PutRolePolicyCommand({ RoleName: 'bench', PolicyName: 'send', PolicyDocument: document({ Effect: 'Allow', Action: 'sqs:SendMessage', Resource: queueArn }) }));
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'bench' }));
  const idle = async (): Promise<number> => {
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const before = processorMilliseconds(pid);
    await new Promise((resolve) => setTimeout(resolve, idleMs));
    return (processorMilliseconds(pid) - before) / (idleMs / 1_000);
  };
  process.stderr.write('haneul bench: idle …\n');
  const without = await idle();
  process.stderr.write(`haneul bench: ${waiting} schedules …\n`);
  const perSecond = await create(port, waiting, (at) => ({ name: `waits-${at}`, expression: `at(2099-01-01T${String(at % 24).padStart(2, '0')}:00:00)` }));
  const withThem = await idle();
  process.stderr.write(`haneul bench: ${due} that fire …\n`);
  const firstMs = Math.ceil(Date.now() / 1_000) * 1_000 + (quick ? 3_000 : 8_000);
  await create(port, due, (at) => ({ name: `fires-${at}`, expression: `at(${new Date(firstMs + (at % seconds) * 1_000).toISOString().slice(0, 19)})` }));
  const late: number[] = [];
  while (late.length < due) {
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 20, MessageSystemAttributeNames: ['SentTimestamp'] }));
    late.push(...Messages.map(latenessOf));
    if (Messages.length > 0) await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries: Messages.map(({ ReceiptHandle }, at) => ({ Id: `${at}`, ReceiptHandle })) }));
  }
  iam.destroy();
  sqs.destroy();
  late.sort((a, b) => a - b);
  const percentile = (share: number): number => late[Math.min(late.length - 1, Math.floor(late.length * share))] ?? 0;
  const rows: Row[] = [
    { name: 'CreateSchedule, requests/s', value: perSecond },
    { name: 'idle without schedules, processor ms in a second', value: without },
    { name: `idle with ${waiting} schedules, processor ms in a second`, value: withThem },
    { name: 'what they cost, processor ms in a second', value: Math.max(0, withThem - without), target: 1, better: 'lower' },
    { name: 'from its second to the target, p50 ms', value: percentile(0.5), target: 100, better: 'lower' },
    { name: 'from its second to the target, p99 ms', value: percentile(0.99), target: 100, better: 'lower' },
    { name: 'from its second to the target, most ms', value: percentile(1) },
  ];
  report('schedules', rows, [`${due} schedules over ${seconds} seconds, beside ${waiting} that wait; idle for ${idleMs / 1_000} s`]);
}

/** How long after its second a schedule's message was in the queue. */
function latenessOf({ Body = '', Attributes }: Message): number {
  return Number(Attributes?.['SentTimestamp']) - Date.parse(Body);
}

/** Answers how many were made in a second. */
async function create(port: number, count: number, schedule: (at: number) => { readonly name: string; readonly expression: string }): Promise<number> {
  let made = 0;
  const next = (): SentRequest | undefined => {
    if (made >= count) return undefined;
    const { name, expression } = schedule(made);
    made += 1;
    const Target = { Arn: queueArn, RoleArn: roleArn, Input: '<aws.scheduler.scheduled-time>' };
    const body = JSON.stringify({ ScheduleExpression: expression, FlexibleTimeWindow: { Mode: 'OFF' }, Target });
    return { method: 'POST', path: `/schedules/${name}`, headers: { ...signedHeaders('scheduler'), 'content-type': 'application/json' }, body };
  };
  const result = await loopRequests({ port, connections: 32, milliseconds: 600_000, next });
  if (result.failed > 0) throw new Error(`${result.failed} schedules were not made`);
  return result.perSecond;
}
