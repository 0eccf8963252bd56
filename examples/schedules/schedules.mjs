import { readFile } from 'node:fs/promises';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { AttachRolePolicyCommand, CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { CreateFunctionCommand, LambdaClient, waitUntilFunctionActiveV2 } from '@aws-sdk/client-lambda';
import { CreateScheduleCommand, DeleteScheduleCommand, SchedulerClient } from '@aws-sdk/client-scheduler';

// The clients find the server, the region and the keys in the environment, as on AWS.
const [iam, lambda, logs, scheduler] = [new IAMClient({}), new LambdaClient({}), new CloudWatchLogsClient({}), new SchedulerClient({})];
const hour = 3_600_000;

/** A role that one service may take. */
async function createRole(RoleName, service) {
  const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }] });
  return (await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }))).Role.Arn;
}

/** Moves the clock of the server: what the schedules wait for comes at once. */
async function moveClock(advanceMs = 0) {
  const answer = await fetch(`${process.env.AWS_ENDPOINT_URL}/_haneul/clock`, { method: 'POST', body: JSON.stringify({ advanceMs }) });
  return (await answer.json()).nowMs;
}

const Role = await createRole('report', 'lambda.amazonaws.com');
await iam.send(new AttachRolePolicyCommand({ RoleName: 'report', PolicyArn: 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole' }));
const FunctionName = 'report';
const ZipFile = await readFile(process.argv[2]);
const { FunctionArn } = await lambda.send(new CreateFunctionCommand({ FunctionName, Runtime: 'nodejs22.x', Handler: 'index.handler', Role, Code: { ZipFile } }));
await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 60, minDelay: 1, maxDelay: 2 }, { FunctionName });

const RoleArn = await createRole('schedules', 'scheduler.amazonaws.com');
const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: FunctionArn }] });
await iam.send(new PutRolePolicyCommand({ RoleName: 'schedules', PolicyName: 'invoke', PolicyDocument }));

// Clocks in New York go forward on the second Sunday of March, those in Seoul never.
const year = new Date(await moveClock(0)).getUTCFullYear() + 1;
const sunday = 8 + ((7 - new Date(Date.UTC(year, 2, 8)).getUTCDay()) % 7);
await moveClock(Math.floor(Date.UTC(year, 2, sunday - 1) - (await moveClock(0))));

async function schedule(Name, ScheduleExpression, ScheduleExpressionTimezone) {
  const Input = JSON.stringify({ schedule: Name, at: '<aws.scheduler.scheduled-time>' });
  await scheduler.send(new CreateScheduleCommand({ Name, ScheduleExpression, ScheduleExpressionTimezone, FlexibleTimeWindow: { Mode: 'OFF' }, Target: { Arn: FunctionArn, RoleArn, Input } }));
}
await schedule('seoul', 'cron(0 9 * * ? *)', 'Asia/Seoul');
await schedule('new-york', 'cron(0 9 * * ? *)', 'America/New_York');
await schedule('often', 'rate(5 minutes)', 'UTC');

/** When a schedule has run the function, once there are so many. */
async function runsOf(name, count) {
  for (let tries = 0; tries < 600; tries += 1) {
    const { events = [] } = await logs.send(new FilterLogEventsCommand({ logGroupName: `/aws/lambda/${FunctionName}`, filterPattern: `"RUN ${name}"` })).catch(() => ({}));
    if (events.length >= count) return events.map(({ message }) => message.trim().split(' ').at(-1)).sort();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${name} has not run ${count} times`);
}

// One hour, then three days in steps of a day.
await moveClock(hour);
console.log(`every five minutes: ${(await runsOf('often', 12)).length} in an hour`);
await scheduler.send(new DeleteScheduleCommand({ Name: 'often' }));
const [seoul, york] = [[], []];
for (let day = 1; day <= 3; day += 1) {
  await moveClock(24 * hour);
  // Events wait for a function for six hours at most, so each day's are awaited before the next.
  seoul.push((await runsOf('seoul', day)).at(-1));
  york.push((await runsOf('new-york', day)).at(-1));
}
const timesIn = (times, timeZone) => times.map((at) => new Date(at).toLocaleTimeString('en-GB', { timeZone, hour: '2-digit', minute: '2-digit' })).join(' ');
const utc = (times) => times.map((at) => at.slice(11, 16)).join(' ');
console.log(`Seoul: ${timesIn(seoul, 'Asia/Seoul')} there, ${utc(seoul)} UTC`);
console.log(`New York: ${timesIn(york, 'America/New_York')} there, ${utc(york)} UTC`);
