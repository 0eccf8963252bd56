// How others reach a topic: a function's dead letters and destinations; and what an endpoint cannot do to the server.

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { AddPermissionCommand, InvokeCommand, PutFunctionEventInvokeConfigCommand, UpdateFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { AttachRolePolicyCommand } from '@aws-sdk/client-iam';
import { CloudWatchClient, GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch';
import { FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { CreateTopicCommand, GetTopicAttributesCommand, PublishCommand, SetTopicAttributesCommand, SubscribeCommand } from '@aws-sdk/client-sns';
import { createFunction, uniqueName, waitUntilUpdated } from '../../support/functions.ts';
import { sdkConfig } from '../../support/sdkClients.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';

const scene = useServer();

interface SeenMail {
  readonly body: string;
}

async function mailTo(number: string): Promise<string> {
  for (let tries = 0; tries < 400; tries += 1) {
    const { mails } = (await (await fetch(`${scene().server.endpoint}/_haneul/mailbox?to=${encodeURIComponent(number)}`)).json()) as { mails: SeenMail[] };
    if (mails[0]) return mails[0].body;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return assert.fail('no mail has come');
}

suite('functions', () => {
  test('tell topics of their ends, and are invoked by topics', async () => {
    const { sns, lambda, iam } = scene().aws;
    const topicOf = async (PhoneNumber: string): Promise<string> => {
      const { TopicArn = '' } = await sns.send(new CreateTopicCommand({ Name: uniqueName('t') }));
      await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'sms', Endpoint: PhoneNumber }));
      return TopicArn;
    };
    const [ends, dead, start] = [await topicOf('+12025550001'), await topicOf('+12025550002'), await topicOf('+12025550003')];
    const files = { 'index.mjs': 'export const handler = async (event) => { if (event.fail) throw new Error("on purpose"); return event.Records?.[0]?.Sns.Message ?? "fine"; };' };
    const FunctionName = await createFunction(lambda, { Role: scene().roleArn, files });
    await expectRefusal(lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, DeadLetterConfig: { TargetArn: dead } })), {
      name: 'InvalidParameterValueException',
      message: 'The provided execution role does not have permissions to call Publish on SNS',
    });
    await iam.send(new AttachRolePolicyCommand({ RoleName: scene().roleArn.split('/').at(-1), PolicyArn: 'arn:aws:iam::aws:policy/AmazonSNSFullAccess' }));
    await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, DeadLetterConfig: { TargetArn: dead } }));
    await waitUntilUpdated(lambda, FunctionName);
    await lambda.send(new PutFunctionEventInvokeConfigCommand({ FunctionName, MaximumRetryAttempts: 0, DestinationConfig: { OnSuccess: { Destination: ends } } }));
    await expectRefusal(lambda.send(new PutFunctionEventInvokeConfigCommand({ FunctionName, DestinationConfig: { OnSuccess: { Destination: `${ends}-not` } } })), { name: 'InvalidParameterValueException', message: /is invalid/ });
    const functionArn = `arn:aws:lambda:us-east-1:000000000000:function:${FunctionName}`;
    await lambda.send(new AddPermissionCommand({ FunctionName, StatementId: 'sns', Action: 'lambda:InvokeFunction', Principal: 'sns.amazonaws.com', SourceArn: start }));
    await sns.send(new SubscribeCommand({ TopicArn: start, Protocol: 'lambda', Endpoint: functionArn }));
    await sns.send(new PublishCommand({ TopicArn: start, Message: 'by a topic' }));
    const record = JSON.parse(await mailTo('+12025550001')) as { responsePayload: string; requestPayload: { Records: { EventSource: string }[] } };
    assert.deepEqual([record.responsePayload, record.requestPayload.Records[0]?.EventSource], ['by a topic', 'aws:sns']);
    await lambda.send(new InvokeCommand({ FunctionName, InvocationType: 'Event', Payload: Buffer.from('{"fail":true}') }));
    assert.equal(await mailTo('+12025550002'), '{"fail":true}');
  });

  // https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html: "Lambda currently detects recursive loops between your functions, Amazon SQS, Amazon S3, and Amazon SNS."
  test('that publish to the topic which invokes them are stopped after sixteen runs', { timeout: 60_000 }, async () => {
    const { sns, lambda, logs } = scene().aws;
    const { TopicArn = '' } = await sns.send(new CreateTopicCommand({ Name: uniqueName('loop') }));
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: '*', Action: 'sns:Publish', Resource: TopicArn }] });
    await sns.send(new SetTopicAttributesCommand({ TopicArn, AttributeName: 'Policy', AttributeValue: Policy }));
    const publish = `fetch(process.env.AWS_ENDPOINT_URL, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded', 'x-amzn-trace-id': process.env._X_AMZN_TRACE_ID }, body: new URLSearchParams({ Action: 'Publish', Version: '2010-03-31', TopicArn: '${TopicArn}', Message: 'again' }) })`;
    const files = { 'index.mjs': `export const handler = async () => { const { status } = await ${publish}; console.log('RUN', status); };` };
    const FunctionName = await createFunction(lambda, { Role: scene().roleArn, files });
    await lambda.send(new AddPermissionCommand({ FunctionName, StatementId: 'sns', Action: 'lambda:InvokeFunction', Principal: 'sns.amazonaws.com' }));
    // What is stopped goes where events go that failed.
    const { TopicArn: stopped = '' } = await sns.send(new CreateTopicCommand({ Name: uniqueName('stopped') }));
    await sns.send(new SubscribeCommand({ TopicArn: stopped, Protocol: 'sms', Endpoint: '+12025550009' }));
    await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, DeadLetterConfig: { TargetArn: stopped } }));
    await waitUntilUpdated(lambda, FunctionName);
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'lambda', Endpoint: `arn:aws:lambda:us-east-1:000000000000:function:${FunctionName}` }));
    await sns.send(new PublishCommand({ TopicArn, Message: 'first' }));
    assert.match(await mailTo('+12025550009'), /"again"/);
    for (;;) {
      const { events = [] } = await logs.send(new FilterLogEventsCommand({ logGroupName: `/aws/lambda/${FunctionName}`, filterPattern: 'RUN' }));
      if (events.length < 16) continue;
      assert.deepEqual(events.map(({ message = '' }) => /RUN (\d+)/.exec(message)?.[1]), Array.from({ length: 16 }, () => '200'));
      break;
    }
    const cloudWatch = new CloudWatchClient(sdkConfig(scene().server.endpoint));
    const nowMs = scene().server.clock.now();
    const sumOf = async (Namespace: string, MetricName: string, Name: string, Value: string): Promise<number> => {
      const range = { Period: 3_600, StartTime: new Date(nowMs - 7_200_000), EndTime: new Date(nowMs + 3_600_000) };
      const { Datapoints = [] } = await cloudWatch.send(new GetMetricStatisticsCommand({ Namespace, MetricName, Dimensions: [{ Name, Value }], ...range, Statistics: ['Sum'] }));
      return Datapoints.reduce((total, { Sum = 0 }) => total + Sum, 0);
    };
    const topic = TopicArn.split(':').at(-1) ?? '';
    // The seventeenth event ended at the function.
    assert.deepEqual(await Promise.all(['NumberOfMessagesPublished', 'NumberOfNotificationsDelivered', 'NumberOfNotificationsFailed'].map((name) => sumOf('AWS/SNS', name, 'TopicName', topic))), [17, 17, 0]);
    assert.equal(await sumOf('AWS/Lambda', 'RecursiveInvocationsDropped', 'FunctionName', FunctionName), 1);
    cloudWatch.destroy();
  });
});

suite('endpoints', () => {
  test('cannot be the server\'s own control interface', async () => {
    const { sns } = scene().aws;
    const { TopicArn = '' } = await sns.send(new CreateTopicCommand({ Name: uniqueName('t') }));
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'http', Endpoint: `${scene().server.endpoint}/_haneul/reset` }));
    const answer = await fetch(`${scene().server.endpoint}/_haneul/reset`, { method: 'POST', headers: { 'x-amz-sns-message-type': 'SubscriptionConfirmation' } });
    assert.equal(answer.status, 403);
    await sns.send(new GetTopicAttributesCommand({ TopicArn }));
    const pem = await fetch(`${scene().server.endpoint}/SimpleNotificationService-00.pem`);
    assert.equal(pem.status, 404);
  });
});
