// An extension as users have them: in a layer, beside a function of a managed runtime.
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PublishLayerVersionCommand } from '@aws-sdk/client-lambda';
import { createFunction, invoke, uniqueName } from '../../support/functions.ts';
import { useServer } from '../../support/useServer.ts';
import { zipFiles } from '../../support/zipFolder.ts';

const scene = useServer();

const extension = `#!/usr/bin/python3
import http.client, os, sys
api = os.environ["AWS_LAMBDA_RUNTIME_API"]
def call(method, path, body=None, headers={}):
    connection = http.client.HTTPConnection(api)
    connection.request(method, "/2020-01-01/extension/" + path, body, headers)
    answer = connection.getresponse()
    return answer.getheader("Lambda-Extension-Identifier"), answer.read().decode()
me, text = call("POST", "register", '{"events":["INVOKE"]}', {"Lambda-Extension-Name": os.path.basename(sys.argv[0])})
print("extension knows", text, flush=True)
while True:
    call("GET", "event/next", headers={"Lambda-Extension-Identifier": me})
`;

test('Invoke runs a function beside the extension of its layer, and the log tells of both', async () => {
  const { aws, roleArn } = scene();
  const ZipFile = zipFiles({ 'extensions/watcher': extension });
  const { LayerVersionArn = '' } = await aws.lambda.send(new PublishLayerVersionCommand({ LayerName: uniqueName('watch'), Content: { ZipFile } }));
  const name = await createFunction(aws.lambda, { Role: roleArn, Layers: [LayerVersionArn], files: { 'index.js': 'exports.handler = async () => "done";' } });
  const { payload, logTail } = await invoke(aws.lambda, name, {}, { LogType: 'Tail' });
  assert.equal(payload, 'done');
  assert.match(logTail, /EXTENSION\tName: watcher\tState: Ready\tEvents: \[INVOKE\]\n/);
  assert.ok(logTail.includes(`extension knows {"functionName":"${name}","functionVersion":"$LATEST","handler":"index.handler"}`), logTail);
});
