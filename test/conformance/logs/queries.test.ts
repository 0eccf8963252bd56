// Insights queries, query definitions and fields, by a client against a server with its real threads.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AnalyzingLogData.html

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  DeleteQueryDefinitionCommand,
  DescribeQueriesCommand,
  DescribeQueryDefinitionsCommand,
  GetLogGroupFieldsCommand,
  GetLogRecordCommand,
  GetQueryResultsCommand,
  ListLogGroupsForQueryCommand,
  PutLogEventsCommand,
  PutQueryDefinitionCommand,
  StartQueryCommand,
  StopQueryCommand,
  type GetQueryResultsCommandOutput,
} from '@aws-sdk/client-cloudwatch-logs';
import { uniqueName } from '../../support/functions.ts';
import { createLimitedUser } from '../../support/limitedUser.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';

const scene = useServer();

async function createGroup(...messages: string[]): Promise<string> {
  const { logs } = scene().aws;
  const target = { logGroupName: uniqueName('/test/query'), logStreamName: 'one' };
  await logs.send(new CreateLogGroupCommand({ logGroupName: target.logGroupName }));
  await logs.send(new CreateLogStreamCommand(target));
  await logs.send(new PutLogEventsCommand({ ...target, logEvents: messages.map((message) => ({ timestamp: Date.now(), message })) }));
  return target.logGroupName;
}

const range = () => ({ startTime: Math.floor(Date.now() / 1_000) - 3_600, endTime: Math.floor(Date.now() / 1_000) + 60 });

async function finish(queryId: string | undefined): Promise<GetQueryResultsCommandOutput> {
  for (;;) {
    const answer = await scene().aws.logs.send(new GetQueryResultsCommand({ queryId }));
    if (answer.status !== 'Scheduled' && answer.status !== 'Running') return answer;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

suite('queries', () => {
  test('group, filter and parse what is in a group', async () => {
    const { logs } = scene().aws;
    const logGroupName = await createGroup('{"level":"ERROR","ms":12.5}', '{"level":"INFO","ms":3}', '{"level":"ERROR","ms":7.5}', 'took 99 ms');
    const { queryId } = await logs.send(new StartQueryCommand({ logGroupName, queryString: 'filter ispresent(level) | stats count(*) as n, avg(ms) as mean by level | sort n desc', ...range() }));
    const { status, results, statistics } = await finish(queryId);
    assert.equal(status, 'Complete');
    assert.deepEqual(results?.map((row) => row.map(({ field, value }) => `${field}=${value}`).join(' ')), ['level=ERROR n=2 mean=10', 'level=INFO n=1 mean=3']);
    assert.deepEqual([statistics?.recordsMatched, statistics?.recordsScanned], [3, 4]);
    const parsed = await logs.send(new StartQueryCommand({ logGroupName, queryString: 'parse @message /took (?<ms2>\\d+)/ | filter ms2 > 50 | display ms2', ...range() }));
    const [row = []] = (await finish(parsed.queryId)).results ?? [];
    assert.deepEqual(row.map(({ field }) => field), ['ms2', '@ptr']);
    const { logRecord } = await logs.send(new GetLogRecordCommand({ logRecordPointer: row[1]?.value }));
    assert.equal(logRecord?.['@message'], 'took 99 ms');
    assert.deepEqual((await logs.send(new ListLogGroupsForQueryCommand({ queryId }))).logGroupIdentifiers, [logGroupName]);
    const { queries = [] } = await logs.send(new DescribeQueriesCommand({ logGroupName }));
    assert.deepEqual(queries.map((found) => found.status), ['Complete', 'Complete']);
    await expectRefusal(logs.send(new StopQueryCommand({ queryId })), { name: 'InvalidParameterException', status: 400, message: /has ended/ });
    const { logGroupFields = [] } = await logs.send(new GetLogGroupFieldsCommand({ logGroupName }));
    assert.equal(logGroupFields.find(({ name }) => name === 'level')?.percent, 75);
  });
  test('that are none are refused with the place', async () => {
    const { logs } = scene().aws;
    const logGroupName = await createGroup('x');
    await expectRefusal(logs.send(new StartQueryCommand({ logGroupName, queryString: 'fields @message | count()', ...range() })), { name: 'MalformedQueryException', status: 400, message: 'unexpected symbol found c at line 1 and position 19' });
    const error = await logs.send(new StartQueryCommand({ logGroupName, queryString: 'nope', ...range() })).then(() => undefined, (refused: { queryCompileError?: object }) => refused);
    assert.deepEqual(error?.queryCompileError, { location: { startCharOffset: 0, endCharOffset: 4 }, message: 'unexpected symbol found n at line 1 and position 1' });
  });
  test('with a regular expression that takes for ever hold up nobody, and can be stopped', async () => {
    const { logs } = scene().aws;
    const logGroupName = await createGroup('a'.repeat(64));
    const { queryId } = await logs.send(new StartQueryCommand({ logGroupName, queryString: 'filter @message like /^(a+)+b/', ...range() }));
    while ((await logs.send(new GetQueryResultsCommand({ queryId }))).status === 'Scheduled') await new Promise((resolve) => setTimeout(resolve, 10));
    assert.deepEqual((await logs.send(new StopQueryCommand({ queryId }))).success, true);
    const next = await logs.send(new StartQueryCommand({ logGroupName, queryString: 'stats count(*) as n', ...range() }));
    assert.deepEqual((await finish(next.queryId)).results?.[0]?.[0], { field: 'n', value: '1' });
    assert.equal((await finish(queryId)).status, 'Cancelled');
  });
  test('need permission on their groups', async () => {
    const logGroupName = await createGroup('x');
    const { logs } = (await createLimitedUser(scene(), [{ Effect: 'Allow', Action: 'logs:StartQuery', Resource: 'arn:aws:logs:us-east-1:000000000000:log-group:/other:*' }])).clients;
    await expectRefusal(logs.send(new StartQueryCommand({ logGroupName, queryString: '', ...range() })), { name: 'AccessDeniedException', status: 400, message: /logs:StartQuery/ });
  });
  test('are kept by name', async () => {
    const { logs } = scene().aws;
    const name = uniqueName('errors');
    const { queryDefinitionId } = await logs.send(new PutQueryDefinitionCommand({ name, queryString: 'filter @message like /ERROR/' }));
    const { queryDefinitions = [] } = await logs.send(new DescribeQueryDefinitionsCommand({ queryDefinitionNamePrefix: name }));
    assert.deepEqual(queryDefinitions.map((found) => found.queryDefinitionId), [queryDefinitionId]);
    assert.equal((await logs.send(new DeleteQueryDefinitionCommand({ queryDefinitionId }))).success, true);
    await expectRefusal(logs.send(new DeleteQueryDefinitionCommand({ queryDefinitionId })), { name: 'ResourceNotFoundException', status: 400 });
  });
});
