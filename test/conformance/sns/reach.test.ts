// How others reach a topic: a function's dead letters and destinations; and what an endpoint cannot do to the server.

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { AddPermissionCommand, InvokeCommand, PutFunctionEventInvokeConfigCommand, UpdateFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { AttachRolePolicyCommand } from '@aws-sdk/client-iam';
import { CreateTopicCommand, GetTopicAttributesCommand, PublishCommand, SubscribeCommand } from '@aws-sdk/client-sns';
import { createFunction, uniqueName, waitUntilUpdated } from '../../support/functions.ts';
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
