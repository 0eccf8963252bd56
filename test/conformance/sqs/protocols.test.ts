// Both protocols of SQS on the wire: what old clients send as forms, how errors are told in each, and who may do what.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-making-api-requests.html

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { AddPermissionCommand, CreateQueueCommand, GetQueueAttributesCommand, GetQueueUrlCommand, ReceiveMessageCommand, RemovePermissionCommand, SendMessageCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { uniqueName } from '../../support/functions.ts';
import { createLimitedUser } from '../../support/limitedUser.ts';
import { requestHead, sendOne, type RawAnswer } from '../../support/rawHttp.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';

const scene = useServer();
const port = (): number => Number(new URL(scene().server.endpoint).port);

function form(path: string, fields: Readonly<Record<string, string>>, host = '127.0.0.1'): Promise<RawAnswer> {
  const body = new URLSearchParams({ Version: '2012-11-05', ...fields }).toString();
  return sendOne(port(), requestHead(`POST ${path}`, 'sqs', { Host: host, 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Length': body.length }) + body);
}

function json(operation: string, input: object): Promise<RawAnswer> {
  const body = JSON.stringify(input);
  const headers = { 'Content-Type': 'application/x-amz-json-1.0', 'X-Amz-Target': `AmazonSQS.${operation}`, 'Content-Length': Buffer.byteLength(body) };
  return sendOne(port(), requestHead('POST /', 'sqs', headers) + body);
}

async function createQueue(attributes?: Record<string, string>): Promise<{ url: string; path: string; arn: string }> {
  const QueueName = uniqueName('q');
  const { QueueUrl = '' } = await scene().aws.sqs.send(new CreateQueueCommand({ QueueName, ...(attributes ? { Attributes: attributes } : {}) }));
  return { url: QueueUrl, path: new URL(QueueUrl).pathname, arn: `arn:aws:sqs:us-east-1:000000000000:${QueueName}` };
}

suite('the query protocol', () => {
  test('sends and receives at the address of the queue', async () => {
    const { path, url } = await createQueue();
    const sent = await form(path, { Action: 'SendMessage', MessageBody: 'a&b', 'MessageAttribute.1.Name': 'n', 'MessageAttribute.1.Value.DataType': 'Number', 'MessageAttribute.1.Value.StringValue': '7' });
    assert.equal(sent.status, 200, sent.body);
    assert.match(sent.body, /^(<\?xml[^>]*>)?<SendMessageResponse xmlns="http:\/\/queue\.amazonaws\.com\/doc\/2012-11-05\/"><SendMessageResult>.*<MD5OfMessageBody>[0-9a-f]{32}<\/MD5OfMessageBody>.*<\/SendMessageResult><ResponseMetadata><RequestId>/);
    const received = await form('/', { Action: 'ReceiveMessage', QueueUrl: url, 'AttributeName.1': 'All', 'MessageAttributeName.1': 'All' });
    assert.match(received.body, /<Message>.*<Body>a&amp;b<\/Body>/);
    assert.match(received.body, /<Attribute><Name>ApproximateReceiveCount<\/Name><Value>1<\/Value><\/Attribute>/);
    assert.match(received.body, /<MessageAttribute><Name>n<\/Name><Value>.*<StringValue>7<\/StringValue>/);
    const handle = /<ReceiptHandle>([^<]+)<\/ReceiptHandle>/.exec(received.body)?.[1] ?? '';
    assert.equal((await form(path, { Action: 'DeleteMessage', ReceiptHandle: handle })).status, 200);
    const batch = await form(path, { Action: 'SendMessageBatch', 'SendMessageBatchRequestEntry.1.Id': 'a', 'SendMessageBatchRequestEntry.1.MessageBody': 'x' });
    assert.match(batch.body, /<SendMessageBatchResultEntry><Id>a<\/Id>/);
  });
  test('takes attributes by number, and GET requests', async () => {
    const QueueName = uniqueName('q');
    const created = await form('/', { Action: 'CreateQueue', QueueName, 'Attribute.1.Name': 'VisibilityTimeout', 'Attribute.1.Value': '7', 'Tag.1.Key': 'a', 'Tag.1.Value': 'b' });
    assert.match(created.body, new RegExp(`<QueueUrl>http://127\\.0\\.0\\.1[^<]*/000000000000/${QueueName}</QueueUrl>`));
    const told = await sendOne(port(), requestHead(`GET /000000000000/${QueueName}?Action=GetQueueAttributes&AttributeName.1=VisibilityTimeout&Version=2012-11-05`, 'sqs'));
    assert.match(told.body, /<Attribute><Name>VisibilityTimeout<\/Name><Value>7<\/Value><\/Attribute>/);
  });
  test('names errors by its own codes', async () => {
    const { path } = await createQueue();
    const refused: readonly [string, Record<string, string>, number, string, string][] = [
      ['/000000000000/absent', { Action: 'ReceiveMessage' }, 400, 'AWS.SimpleQueueService.NonExistentQueue', 'The specified queue does not exist for this wsdl version.'],
      [path, { Action: 'ReceiveMessage', MaxNumberOfMessages: '11' }, 400, 'InvalidParameterValue', 'Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.'],
      [path, { Action: 'SendMessage' }, 400, 'MissingParameter', 'The request must contain the parameter MessageBody.'],
      [path, { Action: 'DeleteMessage', ReceiptHandle: 'x' }, 404, 'ReceiptHandleIsInvalid', 'The input receipt handle "x" is not a valid receipt handle.'],
      [path, { Action: 'SendMessageBatch' }, 400, 'AWS.SimpleQueueService.EmptyBatchRequest', 'There should be at least one SendMessageBatchRequestEntry in the request.'],
      ['/', { Action: 'Nonsense' }, 400, 'InvalidAction', 'Could not find operation Nonsense for version 2012-11-05'],
      ['/', { Action: 'ReceiveMessage', QueueUrl: 'nonsense' }, 404, 'InvalidAddress', 'The address nonsense is not valid for this endpoint.'],
    ];
    for (const [at, fields, status, code, message] of refused) {
      const answer = await form(at, fields);
      assert.equal(answer.status, status, answer.body);
      assert.match(answer.body, /<ErrorResponse[^]*<Type>Sender<\/Type>/);
      assert.equal(/<Code>([^<]*)<\/Code>/.exec(answer.body)?.[1], code);
      assert.equal(/<Message>([^<]*)<\/Message>/.exec(answer.body)?.[1]?.replaceAll('&quot;', '"'), message);
    }
  });
});

suite('the JSON protocol', () => {
  test('tells the code of the query protocol in a header', async () => {
    const { url: QueueUrl } = await createQueue();
    const refused: readonly [string, object, number, string, string][] = [
      ['ReceiveMessage', { QueueUrl: `${QueueUrl}x` }, 400, 'com.amazonaws.sqs#QueueDoesNotExist', 'AWS.SimpleQueueService.NonExistentQueue;Sender'],
      ['SendMessage', { MessageBody: 'x' }, 400, 'com.amazonaws.sqs#QueueDoesNotExist', 'AWS.SimpleQueueService.NonExistentQueue;Sender'],
      ['ReceiveMessage', { QueueUrl, WaitTimeSeconds: 21 }, 400, 'com.amazon.coral.service#InvalidParameterValueException', 'InvalidParameterValue;Sender'],
      ['SendMessage', { QueueUrl }, 400, 'com.amazon.coral.service#MissingRequiredParameterException', 'MissingParameter;Sender'],
      ['DeleteMessage', { QueueUrl, ReceiptHandle: 'x' }, 404, 'com.amazonaws.sqs#ReceiptHandleIsInvalid', 'ReceiptHandleIsInvalid;Sender'],
      ['CreateQueue', { QueueName: 'q', Attributes: { Colour: 'red' } }, 400, 'com.amazonaws.sqs#InvalidAttributeName', 'InvalidAttributeName;Sender'],
      ['SendMessage', { QueueUrl, MessageBody: 7 }, 400, 'com.amazon.coral.service#SerializationException', 'MalformedInput;Sender'],
    ];
    for (const [operation, input, status, type, code] of refused) {
      const answer = await json(operation, input);
      assert.equal(answer.status, status, answer.body);
      assert.equal((JSON.parse(answer.body) as { __type: string }).__type, type);
      assert.match(answer.head, new RegExp(`x-amzn-query-error: ${code.replaceAll('.', '\\.')}`, 'i'));
    }
  });
  test('understands the addresses of other hosts and regions', async () => {
    const { path, url } = await createQueue();
    for (const QueueUrl of [path, `http://localhost:4566${path}`, `https://sqs.us-east-1.amazonaws.com${path}`, `https://queue.amazonaws.com${path}`]) {
      assert.equal((await json('SendMessage', { QueueUrl, MessageBody: 'x' })).status, 200, QueueUrl);
    }
    assert.equal((await json('SendMessage', { QueueUrl: `https://sqs.eu-west-1.amazonaws.com${path}`, MessageBody: 'x' })).status, 400);
    const { Attributes } = await scene().aws.sqs.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['ApproximateNumberOfMessages'] }));
    assert.equal(Attributes?.['ApproximateNumberOfMessages'], '4');
  });
});

suite('permission', () => {
  test('is needed by users, and their queue may give it', async () => {
    const { url: QueueUrl, arn } = await createQueue();
    const user = await createLimitedUser(scene(), [{ Effect: 'Allow', Action: 'sqs:SendMessage', Resource: arn }]);
    await user.clients.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' }));
    await expectRefusal(user.clients.sqs.send(new ReceiveMessageCommand({ QueueUrl })), { name: /AccessDenied/, status: 403, message: /is not authorized to perform: sqs:receivemessage on resource: arn:aws:sqs:/ });
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { AWS: user.arn }, Action: 'sqs:ReceiveMessage', Resource: arn }] });
    const { sqs } = scene().aws;
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
    const { Messages: [message] = [] } = await user.clients.sqs.send(new ReceiveMessageCommand({ QueueUrl, MessageSystemAttributeNames: ['SenderId'] }));
    assert.match(message?.Attributes?.SenderId ?? '', /^AIDA/);
    const Denial = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Deny', Principal: '*', Action: 'sqs:SendMessage', Resource: arn }] });
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy: Denial } }));
    await expectRefusal(user.clients.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' })), { name: /AccessDenied/, message: /with an explicit deny in a resource-based policy/ });
    user.clients.destroy();
  });
  test('is added and removed by label', async () => {
    const { url: QueueUrl } = await createQueue();
    const { sqs } = scene().aws;
    await sqs.send(new AddPermissionCommand({ QueueUrl, Label: 'one', AWSAccountIds: ['111111111111'], Actions: ['SendMessage'] }));
    const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['Policy'] }));
    assert.match(Attributes?.['Policy'] ?? '', /"Sid":"one"/);
    await sqs.send(new RemovePermissionCommand({ QueueUrl, Label: 'one' }));
    await expectRefusal(sqs.send(new RemovePermissionCommand({ QueueUrl, Label: 'one' })), { name: /InvalidParameterValue/, message: "Value one for parameter Label is invalid. Reason: can't find label." });
    await expectRefusal(sqs.send(new GetQueueUrlCommand({ QueueName: uniqueName('absent') })), { name: /QueueDoesNotExist|NonExistentQueue/, status: 400 });
  });
});
