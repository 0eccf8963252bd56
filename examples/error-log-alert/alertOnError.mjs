import { readFile } from 'node:fs/promises';
import { CloudWatchLogsClient, CreateLogGroupCommand, PutMetricFilterCommand, PutSubscriptionFilterCommand } from '@aws-sdk/client-cloudwatch-logs';
import { AttachRolePolicyCommand, CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { AddPermissionCommand, CreateFunctionCommand, InvokeCommand, LambdaClient, waitUntilFunctionActiveV2 } from '@aws-sdk/client-lambda';

// The clients find the server, the region and the keys in the environment, as on AWS.
const [iam, lambda, logs] = [new IAMClient({}), new LambdaClient({}), new CloudWatchLogsClient({})];
const [, , shopZip, alertZip] = process.argv;

const { Role } = await iam.send(
  new CreateRoleCommand({ RoleName: 'shop', AssumeRolePolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }] }) }),
);
await iam.send(new AttachRolePolicyCommand({ RoleName: 'shop', PolicyArn: 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole' }));

async function createFunction(FunctionName, zip) {
  const ZipFile = await readFile(zip);
  const { FunctionArn } = await lambda.send(new CreateFunctionCommand({ FunctionName, Runtime: 'nodejs22.x', Handler: 'index.handler', Role: Role.Arn, Code: { ZipFile } }));
  await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 60, minDelay: 1, maxDelay: 2 }, { FunctionName });
  return FunctionArn;
}

await createFunction('shop', shopZip);
const destinationArn = await createFunction('shop-alert', alertZip);

// The group has to be there before it can be followed; the function would make it with its first line.
const logGroupName = '/aws/lambda/shop';
await logs.send(new CreateLogGroupCommand({ logGroupName }));
const account = destinationArn.split(':')[4];
const region = destinationArn.split(':')[3];
await lambda.send(
  new AddPermissionCommand({ FunctionName: 'shop-alert', StatementId: 'shop-log', Action: 'lambda:InvokeFunction', Principal: 'logs.amazonaws.com', SourceArn: `arn:aws:logs:${region}:${account}:log-group:${logGroupName}:*`, SourceAccount: account }),
);
await logs.send(new PutSubscriptionFilterCommand({ logGroupName, filterName: 'errors', filterPattern: 'ERROR', destinationArn }));
await logs.send(
  new PutMetricFilterCommand({ logGroupName, filterName: 'errors', filterPattern: 'ERROR', metricTransformations: [{ metricName: 'Errors', metricNamespace: 'Shop', metricValue: '1', unit: 'Count' }] }),
);

for (const order of [{ id: 'a', items: ['pen'] }, { id: 'b', items: [] }]) {
  const { FunctionError } = await lambda.send(new InvokeCommand({ FunctionName: 'shop', Payload: JSON.stringify(order) }));
  console.log(`order ${order.id}: ${FunctionError ?? 'answered'}`);
}
