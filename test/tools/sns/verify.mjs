// In a network and a file system of its own, where sns.us-east-1.amazonaws.com is this machine: starts the server on the ports of that name,
// subscribes an HTTP endpoint and a queue, and gives what they get to the official validator. Prints one line of JSON for each message.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';

const load = createRequire(import.meta.url);
const [program, caFile] = process.argv.slice(2);
const { SNSClient, CreateTopicCommand, SubscribeCommand, PublishCommand, ConfirmSubscriptionCommand } = load('@aws-sdk/client-sns');
const { SQSClient, CreateQueueCommand, ReceiveMessageCommand } = load('@aws-sdk/client-sqs');

const validate = `
  import Validator from 'sns-validator';
  let text = '';
  for await (const chunk of process.stdin) text += chunk;
  for (const message of JSON.parse(text)) {
    const { Type, SignatureVersion } = JSON.parse(message);
    await new Promise((resolve) => new Validator().validate(message, (error) => {
      console.log(JSON.stringify({ Type, SignatureVersion, valid: !error, error: error?.message }));
      resolve();
    }));
  }
`;

const server = spawn(process.execPath, [program, 'start', '--port', '443', '--memory', '--offline'], { stdio: ['ignore', 'ignore', 'inherit'] });
const endpoint = 'http://127.0.0.1:443';
try {
  for (let tries = 0; ; tries += 1) {
    const healthy = await fetch(`${endpoint}/_haneul/health`).then((answer) => answer.ok, () => false);
    if (healthy) break;
    if (tries > 300 || server.exitCode !== null) throw new Error('the server did not start');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  writeFileSync(caFile, await (await fetch(`${endpoint}/_haneul/authority.pem`)).text());
  const messages = await collect();
  const validator = spawn(process.execPath, ['--input-type=module', '-e', validate], { cwd: new URL('.', import.meta.url).pathname, env: { ...process.env, NODE_EXTRA_CA_CERTS: caFile }, stdio: ['pipe', 'inherit', 'inherit'] });
  validator.stdin.end(JSON.stringify(messages));
  await once(validator, 'exit');
} finally {
  server.kill('SIGKILL');
}

async function collect() {
  const config = { endpoint, region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
  const [sns, sqs] = [new SNSClient(config), new SQSClient(config)];
  const posts = [];
  const listener = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => (text += chunk)).on('end', () => {
      posts.push(text);
      response.end();
    });
  });
  await once(listener.listen(8080, '127.0.0.1'), 'listening');
  const post = async (index) => {
    while (posts.length <= index) await new Promise((resolve) => setTimeout(resolve, 20));
    return posts[index];
  };
  const messages = [];
  for (const SignatureVersion of ['1', '2']) {
    const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: `t${SignatureVersion}`, Attributes: { SignatureVersion } }));
    const QueueName = `q${SignatureVersion}`;
    const queueArn = `arn:aws:sqs:us-east-1:000000000000:${QueueName}`;
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { Service: 'sns.amazonaws.com' }, Action: 'sqs:SendMessage', Resource: queueArn }] });
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName, Attributes: { Policy } }));
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint: queueArn }));
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'http', Endpoint: `http://127.0.0.1:8080/${SignatureVersion}` }));
    const question = await post(posts.length);
    messages.push(question);
    await sns.send(new ConfirmSubscriptionCommand({ TopicArn, Token: JSON.parse(question).Token }));
    const seen = posts.length;
    await sns.send(new PublishCommand({ TopicArn, Message: 'with a subject \u00e4\u20ac', Subject: 'Subject' }));
    messages.push(await post(seen));
    await sns.send(new PublishCommand({ TopicArn, Message: JSON.stringify({ default: 'd', sqs: 'for queues' }), MessageStructure: 'json' }));
    messages.push(await post(seen + 1));
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 5 }));
    messages.push(...Messages.map(({ Body }) => Body));
  }
  // One that was changed on its way.
  messages.push(messages[1].replace('with a subject', 'with another subject'));
  sns.destroy();
  sqs.destroy();
  listener.closeAllConnections();
  listener.close();
  return messages;
}
