import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServiceError } from '../base/errors.ts';
import { codecOf } from './codecs.ts';
import { loadModel } from './model.ts';
import type { OperationModel, ServiceModel } from './model.ts';
import type { ProtocolName, RequestHead } from './types.ts';

const lambda = loadModel('lambda');
const iam = loadModel('iam');
const dynamodb = loadModel('dynamodb');
const logs = loadModel('logs');
const sqs = loadModel('sqs');
const meta = { requestId: 'id-1' };

function operationOf(service: ServiceModel, name: string): OperationModel {
  const operation = service.findOperation(name);
  assert.ok(operation);
  return operation;
}

function parse(protocol: ProtocolName, operation: OperationModel, body: string | Uint8Array, head: Partial<RequestHead> = {}, labels = {}): Record<string, unknown> {
  const whole = { method: 'POST', path: '/', query: '', headers: {}, ...head };
  return codecOf(protocol).parseInput(operation, whole, labels, typeof body === 'string' ? Buffer.from(body) : body) as Record<string, unknown>;
}

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof ServiceError, String(error));
    return `${error.status} ${error.code}: ${error.message}`;
  }
  assert.fail('accepted');
}

const createFunction = operationOf(lambda, 'CreateFunction');
const putItem = operationOf(dynamodb, 'PutItem');

test('parseInput refuses JSON values of the wrong type in the words of the service', () => {
  const lambdaRefusal = (value: unknown): string => refusal(() => parse('restJson1', createFunction, JSON.stringify(value)));
  assert.equal(lambdaRefusal({ Timeout: 'x' }), '400 SerializationException: STRING_VALUE can not be converted to an Integer');
  assert.equal(lambdaRefusal({ Timeout: 1.5 }), '400 SerializationException: DECIMAL_VALUE can not be converted to an Integer');
  assert.equal(lambdaRefusal({ Timeout: 2 ** 31 }), '400 SerializationException: NUMBER_VALUE can not be converted to an Integer');
  assert.equal(lambdaRefusal({ FunctionName: true }), '400 SerializationException: TRUE_VALUE can not be converted to a String');
  assert.equal(lambdaRefusal({ FunctionName: {} }), '400 SerializationException: Start of structure or map found where not expected.');
  assert.equal(lambdaRefusal({ FunctionName: [] }), '400 SerializationException: Start of list found where not expected');
  assert.match(lambdaRefusal({ Code: { ZipFile: 'a_b=' } }), /^400 SerializationException/);
  const dynamoRefusal = (value: unknown): string => refusal(() => parse('awsJson1_0', putItem, JSON.stringify(value)));
  assert.equal(dynamoRefusal({ TableName: 1 }), '400 SerializationException: NUMBER_VALUE cannot be converted to String');
  assert.equal(dynamoRefusal({ Item: { a: { S: {} } } }), '400 SerializationException: Start of structure or map found where not expected');
});

test('parseInput refuses bodies that are no JSON object', () => {
  for (const body of ['{', '[1]', '"x"', 'null', '1', '{"a":1}x', '\ufeff{}', "{'a':1}"]) {
    assert.match(refusal(() => parse('restJson1', createFunction, body)), /^400 SerializationException/, body);
  }
  assert.match(refusal(() => parse('restJson1', createFunction, Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]))), /^400 SerializationException/);
  assert.deepEqual(parse('restJson1', createFunction, ''), {});
});

test('parseInput does not let keys of the input reach a prototype', () => {
  const input = parse('restJson1', createFunction, '{"__proto__":{"FunctionName":"x"},"constructor":{"prototype":{"y":1}},"Tags":{"__proto__":"t","toString":"u"}}');
  assert.equal(input['FunctionName'], undefined);
  assert.equal(Object.getPrototypeOf(input), Object.prototype);
  const tags = input['Tags'] as Record<string, string>;
  assert.equal(Object.getPrototypeOf(tags), Object.prototype);
  assert.deepEqual(Object.entries(tags), [['__proto__', 't'], ['toString', 'u']]);
  assert.equal(({} as Record<string, unknown>)['y'], undefined);
  const form = parse('awsQuery', operationOf(sqs, 'CreateQueue'), 'Action=CreateQueue&QueueName=q&__proto__.x=1&Attribute.1.Name=__proto__&Attribute.1.Value=v&toString=1');
  assert.deepEqual(Object.entries(form['Attributes'] as object), [['__proto__', 'v']]);
});

test('parseInput takes the last of duplicate keys and ignores unknown ones', () => {
  assert.deepEqual(parse('restJson1', createFunction, '{"Timeout":1,"Nope":[{}],"Timeout":2}'), { Timeout: 2 });
});

test('parseInput bounds the depth of recursive input', () => {
  const deep = (depth: number): string => `{"Item":{"a":${'{"M":{"a":'.repeat(depth)}{"S":"x"}${'}}'.repeat(depth)}}}`;
  assert.ok(parse('awsJson1_0', putItem, deep(40)));
  assert.match(refusal(() => parse('awsJson1_0', putItem, deep(100_000))), /nested too deeply/);
  assert.match(refusal(() => parse('awsQuery', operationOf(iam, 'CreateRole'), `Action=CreateRole&${'a.'.repeat(1000)}=1`)), /nested too deeply/);
});

test('parseInput bounds the parameters of a form', () => {
  assert.match(refusal(() => parse('awsQuery', operationOf(iam, 'CreateRole'), 'a=1&'.repeat(30_000))), /^400 MalformedInput: The request has too many parameters/);
});

test('parseInput refuses malformed percent-encoding in labels, queries and forms', () => {
  const getFunction = operationOf(lambda, 'GetFunction');
  assert.match(refusal(() => parse('restJson1', getFunction, '', {}, { FunctionName: '%zz' })), /^400 SerializationException/);
  assert.match(refusal(() => parse('restJson1', getFunction, '', { query: 'Qualifier=%' }, { FunctionName: 'f' })), /^400 SerializationException/);
  assert.match(refusal(() => parse('awsQuery', operationOf(iam, 'GetRole'), 'RoleName=%')), /^400 MalformedInput/);
});

test('parseInput reads query lists by number, whatever their order', () => {
  const input = parse('awsQuery', operationOf(iam, 'CreateRole'), 'Tags.member.10.Key=c&Tags.member.2.Key=b&Tags.member.1.Key=a&Tags.member.x.Key=z&RoleName=a%2Bb+c');
  assert.deepEqual(input, { Tags: [{ Key: 'a' }, { Key: 'b' }, { Key: 'c' }], RoleName: 'a+b c' });
});

test('parseInput reads the flattened lists and maps of the SQS query protocol', () => {
  const send = operationOf(sqs, 'SendMessageBatch');
  const body =
    'Action=SendMessageBatch&QueueUrl=u&SendMessageBatchRequestEntry.1.Id=a&SendMessageBatchRequestEntry.1.MessageBody=b' +
    '&SendMessageBatchRequestEntry.1.MessageAttribute.1.Name=n&SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.DataType=Binary&SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.BinaryValue=AQ%3D%3D';
  assert.deepEqual(parse('awsQuery', send, body), {
    QueueUrl: 'u',
    Entries: [{ Id: 'a', MessageBody: 'b', MessageAttributes: { n: { DataType: 'Binary', BinaryValue: Buffer.from([1]) } } }],
  });
  const answer = codecOf('awsQuery').formatOutput(operationOf(sqs, 'ReceiveMessage'), { Messages: [{ MessageId: 'm', Body: '<&>', Attributes: { SentTimestamp: '1' } }] }, meta);
  assert.equal(
    answer.body,
    '<ReceiveMessageResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/"><ReceiveMessageResult><Message><MessageId>m</MessageId><Body>&lt;&amp;&gt;</Body>' +
      '<Attribute><Name>SentTimestamp</Name><Value>1</Value></Attribute></Message></ReceiveMessageResult><ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></ReceiveMessageResponse>',
  );
});

test('formatError gives each protocol its form', () => {
  const error = new ServiceError('ResourceNotFoundException', 'gone');
  const rest = codecOf('restJson1').formatError(lambda, undefined, error, meta);
  assert.deepEqual(rest, {
    status: 404,
    headers: { 'x-amzn-RequestId': 'id-1', 'x-amzn-ErrorType': 'ResourceNotFoundException', 'Content-Type': 'application/json' },
    body: '{"Type":"User","Message":"gone"}',
  });
  const json = codecOf('awsJson1_0').formatError(dynamodb, undefined, error, meta);
  assert.equal(json.body, '{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"gone"}');
  assert.equal(codecOf('awsJson1_0').formatError(dynamodb, undefined, new ServiceError('SerializationException', 'x'), meta).body, '{"__type":"com.amazon.coral.service#SerializationException","Message":"x"}');
  assert.equal(codecOf('awsJson1_1').formatError(logs, undefined, error, meta).body, '{"__type":"ResourceNotFoundException","message":"gone"}');
  const query = codecOf('awsQuery').formatError(iam, undefined, new ServiceError('NoSuchEntityException', 'no <role>'), meta);
  assert.equal(query.status, 404);
  assert.equal(
    query.body,
    '<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type><Code>NoSuchEntity</Code><Message>no &lt;role&gt;</Message></Error><RequestId>id-1</RequestId></ErrorResponse>',
  );
});

test('formatError answers when neither service nor operation is known', () => {
  const error = new ServiceError('InternalFailure', 'oops', { status: 500 });
  for (const protocol of ['restJson1', 'awsJson1_0', 'awsJson1_1', 'awsQuery'] as const) {
    const answer = codecOf(protocol).formatError(undefined, undefined, error, meta);
    assert.equal(answer.status, 500);
    assert.match(String(answer.body), /InternalFailure|oops/);
  }
});

test('formatOutput keeps line breaks of values out of headers', () => {
  const answer = codecOf('restJson1').formatOutput(operationOf(lambda, 'Invoke'), { StatusCode: 200, FunctionError: 'a\r\nSet-Cookie: x' }, meta);
  assert.equal(answer.headers['X-Amz-Function-Error'], 'a Set-Cookie: x');
});

test('formatOutput writes headers that can be sent, whatever text is stored', () => {
  const error = (FunctionError: string) => codecOf('restJson1').formatOutput(operationOf(lambda, 'Invoke'), { StatusCode: 200, FunctionError }, meta).headers['X-Amz-Function-Error'];
  assert.equal(error('a\u0001b\u007fc\td'), 'a b c\td');
  assert.equal(error('5 \u20ac'), '5 \u00e2\u0082\u00ac');
  assert.equal(error('\u00e9'), '\u00e9');
});

test('formatOutput escapes what XML cannot carry', () => {
  const answer = codecOf('awsQuery').formatOutput(operationOf(sqs, 'ReceiveMessage'), { Messages: [{ Body: 'a\u0000b\rc\u2028' }] }, meta);
  assert.match(String(answer.body), /<Body>a\ufffdb&#xD;c&#x2028;<\/Body>/);
});

test('formatOutput says that what a function returned is JSON, as Lambda does', () => {
  const answer = codecOf('restJson1').formatOutput(operationOf(lambda, 'Invoke'), { StatusCode: 202, Payload: Buffer.from('1') }, meta);
  assert.equal(answer.status, 202);
  assert.equal(answer.headers['Content-Type'], 'application/json');
});
