// The code of a function gets its credentials from where SDKs look for them: the environment, a web identity token in a file, an endpoint
// that hands them out; and it acts in roles that it assumes, and hands out links that let others do what it may.

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { CreateOpenIDConnectProviderCommand, CreateRoleCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { SignJWT } from 'jose';
import { createFunction, invoke, lambdaTrustPolicy, uniqueName } from '../support/functions.ts';
import { useServer } from '../support/useServer.ts';

const scene = useServer({ offline: false });

async function createRole(prefix: string, trust: object, permissions: readonly object[]): Promise<{ name: string; arn: string }> {
  const { iam } = scene().aws;
  const RoleName = uniqueName(prefix);
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: JSON.stringify(trust) }));
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'p', PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: permissions }) }));
  return { name: RoleName, arn: Role?.Arn ?? '' };
}

const trusting = (statement: object): object => ({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...statement }] });

const code = `
import json, os, threading, urllib.request, urllib.error
from http.server import BaseHTTPRequestHandler, HTTPServer
import boto3, botocore

KEYS = ('AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN')

def who(session):
    return session.client('sts').get_caller_identity()['Arn']

def method(session):
    return session.get_credentials().method

def without_keys(more):
    saved = dict(os.environ)
    for name in KEYS:
        os.environ.pop(name, None)
    os.environ.update(more)
    try:
        session = boto3.Session()
        return {'arn': who(session), 'method': method(session)}
    finally:
        os.environ.clear()
        os.environ.update(saved)

def serve(credentials):
    class Agent(BaseHTTPRequestHandler):
        def do_GET(self):
            right = self.headers.get('Authorization') == 'the-token' and self.path == '/credentials'
            self.send_response(200 if right else 401)
            self.end_headers()
            self.wfile.write(json.dumps({
                'AccessKeyId': credentials['AccessKeyId'], 'SecretAccessKey': credentials['SecretAccessKey'], 'Token': credentials['SessionToken'],
                'Expiration': credentials['Expiration'].strftime('%Y-%m-%dT%H:%M:%SZ'),
            } if right else {}).encode())
        def log_message(self, *args):
            pass
    server = HTTPServer(('127.0.0.1', 0), Agent)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server

def status(url):
    try:
        return urllib.request.urlopen(url).status
    except urllib.error.HTTPError as error:
        return error.code

def handler(event, context):
    own = boto3.Session()
    answer = {'environment': {'arn': who(own), 'method': method(own)}}

    with open('/tmp/token', 'w') as file:
        file.write(event['token'])
    answer['web'] = without_keys({'AWS_ROLE_ARN': event['webRole'], 'AWS_WEB_IDENTITY_TOKEN_FILE': '/tmp/token', 'AWS_ROLE_SESSION_NAME': 'pod'})

    credentials = own.client('sts').assume_role(RoleArn=event['otherRole'], RoleSessionName='other')['Credentials']
    agent = serve(credentials)
    answer['container'] = without_keys({
        'AWS_CONTAINER_CREDENTIALS_FULL_URI': 'http://127.0.0.1:%d/credentials' % agent.server_port, 'AWS_CONTAINER_AUTHORIZATION_TOKEN': 'the-token',
    })
    agent.shutdown()

    other = boto3.Session(aws_access_key_id=credentials['AccessKeyId'], aws_secret_access_key=credentials['SecretAccessKey'], aws_session_token=credentials['SessionToken'])
    s3 = other.client('s3', config=botocore.config.Config(signature_version='s3v4', s3={'addressing_style': 'path'}))
    answer['read'] = s3.get_object(Bucket=event['bucket'], Key='open/a')['Body'].read().decode()
    try:
        s3.get_object(Bucket=event['bucket'], Key='closed/a')
    except botocore.exceptions.ClientError as error:
        answer['refused'] = error.response['Error']['Code']
    link = lambda key: s3.generate_presigned_url('get_object', Params={'Bucket': event['bucket'], 'Key': key}, ExpiresIn=60)
    answer['links'] = [status(link('open/a')), status(link('closed/a'))]
    return answer
`;

test('a function with boto3 uses the credentials of its environment, of a web identity and of a container, and acts in roles that it assumes', async (t) => {
  const { aws } = scene();
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const web = createServer((request, answer) => {
    const keys = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'one', use: 'sig' }] };
    answer.end(JSON.stringify(request.url === '/keys' ? keys : { issuer, jwks_uri: `${issuer}/keys` }));
  });
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
  t.after(() => web.close());
  const issuer = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
  const { OpenIDConnectProviderArn: provider } = await aws.iam.send(new CreateOpenIDConnectProviderCommand({ Url: issuer, ClientIDList: ['sts.amazonaws.com'] }));

  const bucket = uniqueName('bucket');
  await aws.s3.send(new CreateBucketCommand({ Bucket: bucket }));
  for (const Key of ['open/a', 'closed/a']) await aws.s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'the text' }));
  const webRole = await createRole('web', trusting({ Principal: { Federated: provider }, Action: 'sts:AssumeRoleWithWebIdentity' }), [{ Effect: 'Allow', Action: 'sqs:ListQueues', Resource: '*' }]);
  const otherRole = await createRole('other', trusting({ Principal: { AWS: '000000000000' }, Action: 'sts:AssumeRole' }), [{ Effect: 'Allow', Action: 's3:GetObject', Resource: `arn:aws:s3:::${bucket}/open/*` }]);
  const ownRole = await createRole('own', JSON.parse(lambdaTrustPolicy) as object, [{ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: otherRole.arn }]);
  const name = await createFunction(aws.lambda, { Role: ownRole.arn, Runtime: 'python3.11', Handler: 'app.handler', Timeout: 60, files: { 'app.py': code } });

  const nowSeconds = Math.floor(Date.now() / 1_000);
  const token = await new SignJWT({ iss: issuer, aud: 'sts.amazonaws.com', sub: 'pod', iat: nowSeconds - 5, exp: nowSeconds + 600 }).setProtectedHeader({ alg: 'ES256', kid: 'one' }).sign(privateKey);
  const { payload, functionError, text } = await invoke(aws.lambda, name, { token, webRole: webRole.arn, otherRole: otherRole.arn, bucket });
  if (functionError && /No module named 'boto3'/.test(text)) return t.skip('not run: boto3 could not be fetched');
  assert.equal(functionError, undefined, text);
  const sessionOf = (role: { name: string }, session: string): string => `arn:aws:sts::000000000000:assumed-role/${role.name}/${session}`;
  assert.deepEqual(payload, {
    environment: { arn: sessionOf(ownRole, name), method: 'env' },
    web: { arn: sessionOf(webRole, 'pod'), method: 'assume-role-with-web-identity' },
    container: { arn: sessionOf(otherRole, 'other'), method: 'container-role' },
    read: 'the text',
    refused: 'AccessDenied',
    links: [200, 403],
  });
});
