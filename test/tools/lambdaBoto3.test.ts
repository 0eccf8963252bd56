// Streams, function URLs and layers through boto3, and a URL through botocore's own signer.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requirePythonPackages } from '../support/pythonPackages.ts';
import { runCommand } from '../support/runCommand.ts';
import { startTestServer } from '../support/testServer.ts';

const program = `
import boto3, io, json, sys, urllib.request, zipfile
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

keys = dict(endpoint_url=sys.argv[1], region_name='us-east-1', aws_access_key_id='test', aws_secret_access_key='test')
iam, functions = boto3.client('iam', **keys), boto3.client('lambda', **keys)

def zipped(**files):
    bytes = io.BytesIO()
    with zipfile.ZipFile(bytes, 'w') as archive:
        for name, text in files.items():
            archive.writestr(name.replace('__', '/') + '.py' if '.' not in name else name, text)
    return bytes.getvalue()

trust = {'Version': '2012-10-17', 'Statement': [{'Effect': 'Allow', 'Principal': {'Service': 'lambda.amazonaws.com'}, 'Action': 'sts:AssumeRole'}]}
role = iam.create_role(RoleName='streams', AssumeRolePolicyDocument=json.dumps(trust))['Role']['Arn']
layer = functions.publish_layer_version(LayerName='words', Content={'ZipFile': zipped(python__words='word = "from a layer"')}, CompatibleRuntimes=['python3.12'])
assert functions.get_layer_version_by_arn(Arn=layer['LayerVersionArn'])['Content']['CodeSha256'] == layer['Content']['CodeSha256']
functions.create_function(FunctionName='py', Runtime='python3.12', Handler='app.handler', Role=role, Layers=[layer['LayerVersionArn']], Code={'ZipFile': zipped(
    app='import words\\ndef handler(event, context):\\n    return {"statusCode": 201, "body": event["requestContext"]["authorizer"]["iam"]["userArn"] + " " + words.word}')})
source = "exports.handler = awslambda.streamifyResponse(async (event, out) => { out.write('one '); out.write('two'); if (event.fail) throw new Error('late'); out.end(); });"
functions.create_function(FunctionName='js', Runtime='nodejs22.x', Handler='index.handler', Role=role, Code={'ZipFile': zipped(**{'index.js': source})})
for name in ('py', 'js'):
    functions.get_waiter('function_active_v2').wait(FunctionName=name, WaiterConfig={'Delay': 1})

def stream(event):
    events = list(functions.invoke_with_response_stream(FunctionName='js', Payload=json.dumps(event), LogType='Tail')['EventStream'])
    return b''.join(e['PayloadChunk']['Payload'] for e in events if 'PayloadChunk' in e), events[-1]['InvokeComplete']

text, complete = stream({})
assert text == b'one two' and 'ErrorCode' not in complete and complete['LogResult'], (text, complete)
text, complete = stream({'fail': True})
assert complete['ErrorCode'] == 'Error' and json.loads(complete['ErrorDetails'])['errorMessage'] == 'late', complete

url = functions.create_function_url_config(FunctionName='py', AuthType='AWS_IAM')['FunctionUrl']
host = url.split('/')[2]
# Without a resolver that knows names below localhost: to the server, for that host.
request = AWSRequest(method='GET', url=sys.argv[1] + '/path?b=2&a=1', headers={'Host': host})
SigV4Auth(Credentials('test', 'test'), 'lambda', 'us-east-1').add_auth(request)
with urllib.request.urlopen(urllib.request.Request(request.url, headers=dict(request.headers))) as answer:
    assert (answer.status, answer.read()) == (201, b'arn:aws:iam::000000000000:root from a layer')
print('walked', end='')
`;

const python = await requirePythonPackages('boto3', ['boto3==1.44.5']);
const missing = typeof python === 'string' ? false : python.missing;

test('boto3: streams, function URLs and layers', { skip: missing }, async () => {
  if (typeof python !== 'string') return;
  const server = await startTestServer();
  try {
    const { stdout, stderr } = await runCommand(python, ['-c', program, server.endpoint], { timeoutMs: 150_000 });
    assert.equal(stdout, 'walked', stderr);
  } finally {
    await server.stop();
  }
});
