import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../base/packageRoot.ts';
import { ServiceError } from '../base/errors.ts';
import { createCatalogue, identify, identifyForm, isForm } from './identify.ts';
import { loadAllModels, loadModel } from './model.ts';
import { route } from './route.ts';
import type { RequestHead } from './types.ts';

const catalogue = createCatalogue(
  ['lambda', 'iam', 'sts', 'logs', 'sqs', 'dynamodb', 'streams.dynamodb', 's3', 'sns', 'apigateway', 'apigatewayv2', 'cloudwatch', 'cognito-idp', 'scheduler'].map(loadModel),
);

function head(method: string, target: string, headers: Record<string, string> = {}): RequestHead {
  const [path = '/', query = ''] = target.split('?');
  return { method, path, query, headers: { host: '127.0.0.1:4566', ...headers } };
}

function signedAs(service: string, headers: Record<string, string> = {}): Record<string, string> {
  return {
    'x-amz-date': '20260101T000000Z',
    authorization: `AWS4-HMAC-SHA256 Credential=AK/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`,
    ...headers,
  };
}

function found(request: RequestHead): string | undefined {
  const identification = identify(request, catalogue);
  return identification && `${identification.service.id} ${identification.protocol}`;
}

const form = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };

test('identify reads the service from the credential scope', () => {
  assert.equal(found(head('GET', '/2015-03-31/functions/', signedAs('lambda'))), 'lambda restJson1');
  assert.equal(found(head('POST', '/', signedAs('iam', form))), 'iam awsQuery');
  assert.equal(found(head('PUT', '/bucket/key', signedAs('s3'))), 's3 restXml');
});

test('identify reads the service from a presigned query', () => {
  const query = 'Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AK%2F20260101%2Fus-east-1%2Fsts%2Faws4_request&X-Amz-Date=20260101T000000Z&X-Amz-SignedHeaders=host&X-Amz-Signature=0';
  assert.equal(found(head('GET', `/?${query}`)), 'sts awsQuery');
  assert.equal(found(head('GET', '/bucket/key?AWSAccessKeyId=AK&Signature=x%3D&Expires=1')), 's3 restXml');
});

test('identify tells services of one signing name apart', () => {
  assert.equal(found(head('GET', '/restapis', signedAs('apigateway'))), 'apigateway restJson1');
  assert.equal(found(head('GET', '/v2/apis', signedAs('apigateway'))), 'apigatewayv2 restJson1');
  assert.equal(found(head('POST', '/', signedAs('dynamodb', { 'x-amz-target': 'DynamoDBStreams_20120810.ListStreams' }))), 'streams.dynamodb awsJson1_0');
  assert.equal(found(head('POST', '/', signedAs('dynamodb', { 'x-amz-target': 'DynamoDB_20120810.ListTables' }))), 'dynamodb awsJson1_0');
});

test('identify serves old and new protocols of one service', () => {
  assert.equal(found(head('POST', '/', signedAs('sqs', { 'x-amz-target': 'AmazonSQS.SendMessage', 'content-type': 'application/x-amz-json-1.0' }))), 'sqs awsJson1_0');
  assert.equal(found(head('POST', '/', signedAs('sqs', form))), 'sqs awsQuery');
  assert.equal(found(head('POST', '/000000000000/queue', signedAs('sqs', form))), 'sqs awsQuery');
  assert.equal(found(head('POST', '/service/GraniteServiceVersion20100801/operation/PutMetricData', signedAs('monitoring', { 'smithy-protocol': 'rpc-v2-cbor' }))), 'cloudwatch rpcv2Cbor');
  assert.equal(found(head('POST', '/', signedAs('monitoring', form))), 'cloudwatch awsQuery');
});

test('identify knows unsigned calls by their target', () => {
  assert.equal(found(head('POST', '/', { 'x-amz-target': 'AWSCognitoIdentityProviderService.InitiateAuth', 'content-type': 'application/x-amz-json-1.1' })), 'cognito-idp awsJson1_1');
});

test('identify does not take a form label for the query protocol where the service speaks REST', () => {
  assert.equal(found(head('POST', '/2015-03-31/functions/f/invocations', signedAs('lambda', form))), 'lambda restJson1');
  assert.equal(found(head('POST', '/2015-03-31/functions/f/invocations', form)), 'lambda restJson1');
});

test('identify knows unsigned REST calls by path, and leaves the rest to S3', () => {
  assert.equal(found(head('GET', '/2015-03-31/functions/f')), 'lambda restJson1');
  assert.equal(found(head('GET', '/bucket/key')), 's3 restXml');
  assert.equal(found(head('GET', '/')), 's3 restXml');
});

test('identify knows hosts', () => {
  assert.equal(found(head('GET', '/', { host: 'sqs.us-east-1.localhost:4566' })), 'sqs awsJson1_0');
  assert.equal(found(head('POST', '/', { host: 'sqs.us-east-1.localhost:4566', ...form })), 'sqs awsQuery');
  const virtual = identify(head('GET', '/key', { host: 'my.bucket.s3.us-east-1.localhost' }), catalogue);
  assert.equal(virtual?.bucket, 'my.bucket');
});

test('identify knows the hosts of S3, and the bucket in them', () => {
  const bucketAt = (host: string): string | undefined => {
    const asked = head('GET', '/key', { host, ...signedAs('s3') });
    const unsigned = identify(head('GET', '/key', { host }), catalogue);
    const signed = identify(asked, catalogue);
    assert.deepEqual([signed?.service.id, unsigned?.service.id, unsigned?.bucket], ['s3', 's3', signed?.bucket], host);
    return signed?.bucket;
  };
  const tails = ['s3.amazonaws.com', 's3.us-east-1.amazonaws.com', 's3-us-west-2.amazonaws.com', 's3.dualstack.eu-west-1.amazonaws.com', 's3.localhost:4566', 's3.us-east-1.localhost:4566', 's3.localhost.localstack.cloud:4566'];
  for (const tail of tails) assert.deepEqual([bucketAt(tail), bucketAt(`photos.${tail}`), bucketAt(`my.photos.${tail}`)], [undefined, 'photos', 'my.photos'], tail);
  for (const site of ['s3-website-us-east-1.amazonaws.com', 's3-website.eu-central-1.amazonaws.com', 's3-website.localhost:4566']) assert.equal(bucketAt(`photos.${site}`), 'photos');
  assert.deepEqual(['localhost:4566', 'photos.localhost:4566', 'my.photos.localhost', '127.0.0.1:4566', '[::1]:4566'].map(bucketAt), [undefined, 'photos', 'my.photos', undefined, undefined]);
});

test('identifyForm knows unsigned forms by Action and Version', () => {
  const request = head('POST', '/', form);
  assert.equal(isForm(request), true);
  assert.equal(identify(request, catalogue), undefined);
  const service = (body: string): string | undefined => identifyForm(Buffer.from(body), catalogue)?.service.id;
  assert.equal(service('Action=AssumeRoleWithWebIdentity&Version=2011-06-15'), 'sts');
  assert.equal(service('Version=2010-03-31&Action=ConfirmSubscription'), 'sns');
  assert.equal(service('a=b'), undefined);
});

function routed(request: RequestHead, body?: string): string {
  const identification = identify(request, catalogue);
  assert.ok(identification);
  const { operation, labels } = route(identification, request, body === undefined ? undefined : Buffer.from(body));
  return [operation.name, ...Object.entries(labels).map(([name, value]) => `${name}=${value}`)].join(' ');
}

test('route finds REST operations, trailing slash or not, labels still encoded', () => {
  const lambda = signedAs('lambda');
  assert.equal(routed(head('GET', '/2015-03-31/functions', lambda)), 'ListFunctions');
  assert.equal(routed(head('GET', '/2015-03-31/functions/', lambda)), 'ListFunctions');
  assert.equal(routed(head('GET', '/2015-03-31/functions/a%3Ab/configuration', lambda)), 'GetFunctionConfiguration FunctionName=a%3Ab');
  assert.equal(routed(head('POST', '/2015-03-31/functions/f/invocations?Qualifier=1', lambda)), 'Invoke FunctionName=f');
  assert.equal(routed(head('DELETE', '/2017-03-31/tags/arn%3Aaws%3Alambda%3Aus-east-1%3A0%3Afunction%3Af?tagKeys=a', lambda)), 'UntagResource Resource=arn%3Aaws%3Alambda%3Aus-east-1%3A0%3Afunction%3Af');
});

test('route tells the operations of S3 apart by query and required members', () => {
  const s3 = signedAs('s3');
  assert.equal(routed(head('GET', '/', s3)), 'ListBuckets');
  assert.equal(routed(head('GET', '/b', s3)), 'ListObjects Bucket=b');
  assert.equal(routed(head('GET', '/b/', s3)), 'ListObjects Bucket=b');
  assert.equal(routed(head('GET', '/b?list-type=2&prefix=a', s3)), 'ListObjectsV2 Bucket=b');
  assert.equal(routed(head('GET', '/b?acl', s3)), 'GetBucketAcl Bucket=b');
  assert.equal(routed(head('GET', '/b/k/l?acl', s3)), 'GetObjectAcl Bucket=b Key=k/l');
  assert.equal(routed(head('GET', '/b/k//l/', s3)), 'GetObject Bucket=b Key=k//l/');
  assert.equal(routed(head('PUT', '/b/k?x-id=PutObject', s3)), 'PutObject Bucket=b Key=k');
  assert.equal(routed(head('PUT', '/b/k?partNumber=1&uploadId=u', s3)), 'UploadPart Bucket=b Key=k');
  assert.equal(routed(head('PUT', '/b/k', { ...s3, 'x-amz-copy-source': 'b/o' })), 'CopyObject Bucket=b Key=k');
  assert.equal(routed(head('PUT', '/b/k?partNumber=1&uploadId=u', { ...s3, 'x-amz-copy-source': 'b/o' })), 'UploadPartCopy Bucket=b Key=k');
  assert.equal(routed(head('POST', '/b/k?uploads', s3)), 'CreateMultipartUpload Bucket=b Key=k');
  assert.equal(routed(head('POST', '/b/k?uploadId=u', s3)), 'CompleteMultipartUpload Bucket=b Key=k');
  assert.equal(routed(head('POST', '/b?delete', s3)), 'DeleteObjects Bucket=b');
  assert.equal(routed(head('GET', '/k', { ...s3, host: 'b.s3.us-east-1.localhost' })), 'GetObject Bucket=b Key=k');
});

test('route takes the action of a query request from its body or its query', () => {
  assert.equal(routed(head('POST', '/', signedAs('iam', form)), 'Action=GetRole&Version=2010-05-08&RoleName=r'), 'GetRole');
  assert.equal(routed(head('GET', '/?Action=ListRoles&Version=2010-05-08', signedAs('iam'))), 'ListRoles');
});

test('route refuses unknown operations in the words of each protocol', () => {
  const refusal = (request: RequestHead, body?: string): string => {
    try {
      return routed(request, body);
    } catch (error) {
      assert.ok(error instanceof ServiceError);
      return `${error.status} ${error.code}: ${error.message}`;
    }
  };
  assert.equal(refusal(head('POST', '/', signedAs('iam', form)), 'Action=Nope&Version=2010-05-08'), '400 InvalidAction: Could not find operation Nope for version 2010-05-08');
  assert.equal(refusal(head('POST', '/', signedAs('iam', form)), ''), '400 MissingAction: Missing Action');
  assert.match(refusal(head('GET', '/2015-03-31/nothing', signedAs('lambda'))), /^404 UnknownOperationException/);
  assert.match(refusal(head('POST', '/', { 'x-amz-target': 'Logs_20140328.Nope' })), /^400 UnknownOperationException/);
  assert.match(refusal(head('POST', '/', { 'x-amz-target': 'Logs_20140328.__proto__' })), /^400 UnknownOperationException/);
  assert.match(refusal(head('POST', '/', { 'x-amz-target': 'Logs_20140328.constructor' })), /^400 UnknownOperationException/);
});

test('identify leaves the two Elastic Load Balancing APIs to the Version in the form', () => {
  const both = createCatalogue(['elasticloadbalancing', 'elasticloadbalancingv2'].map(loadModel));
  const head = {
    method: 'POST',
    path: '/',
    query: '',
    headers: {
      host: 'localhost',
      'content-type': 'application/x-www-form-urlencoded',
      'x-amz-date': '20260101T000000Z',
      authorization: 'AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/elasticloadbalancing/aws4_request, SignedHeaders=host, Signature=0',
    },
  };
  assert.equal(identify(head, both), undefined);
  assert.equal(identifyForm(Buffer.from('Action=DescribeLoadBalancers&Version=2012-06-01'), both)?.service.id, 'elasticloadbalancing');
  assert.equal(identifyForm(Buffer.from('Action=DescribeLoadBalancers&Version=2015-12-01'), both)?.service.id, 'elasticloadbalancingv2');
});

test('loadAllModels reads heads that agree with the models, and no model before it is needed', () => {
  const all = loadAllModels();
  const ids = readdirSync(join(packageRoot, 'src', 'model')).filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -'.json'.length)).sort();
  assert.deepEqual(all.map(({ id }) => id).sort(), ids, 'run `npm run models`');
  for (const lazy of all) {
    const whole = loadModel(lazy.id);
    for (const key of ['sdkId', 'version', 'protocols', 'signingNames', 'endpointPrefix', 'targetPrefix', 'xmlNamespace', 'errorNamespace', 'queryCompatible'] as const) {
      assert.deepEqual(lazy[key], whole[key], `${lazy.id} ${key}`);
    }
    assert.deepEqual(lazy.operationNames, whole.operationNames);
    for (const { uri } of whole.routes) assert.ok(lazy.mayServe((uri.split('?')[0] ?? '').replace(/\{[^}]*\}/g, 'x')) || !lazy.protocols.some((name) => name.startsWith('rest')), `${lazy.id} ${uri}`);
  }
});
