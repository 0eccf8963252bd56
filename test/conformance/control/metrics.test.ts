import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CreateLogGroupCommand } from '@aws-sdk/client-cloudwatch-logs';
import { GetFunctionCommand } from '@aws-sdk/client-lambda';
import { createFunction, invoke, uniqueName } from '../../support/functions.ts';
import { useServer } from '../../support/useServer.ts';

const scene = useServer();

async function readMetrics(): Promise<Map<string, number>> {
  const answer = await fetch(`${scene().server.endpoint}/_haneul/metrics`);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
  const lines = (await answer.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const [, name = '', value = ''] = /^([a-z_]+(?:\{[^}]*\})?) (\S+)$/.exec(line) ?? assert.fail(`not a sample: ${line}`);
      return [name, Number(value)];
    }),
  );
}

const handler = { 'index.mjs': 'export const handler = async ({ fail }) => { if (fail) throw new Error("asked for"); return 1; };' };

test('metrics count requests by service, operation and status', async () => {
  const { aws } = scene();
  const before = await readMetrics();
  await assert.rejects(aws.lambda.send(new GetFunctionCommand({ FunctionName: uniqueName('absent') })));
  await fetch(scene().server.endpoint, { method: 'POST', headers: { 'x-amz-target': 'Invented_20300101.DoIt' } });
  const after = await readMetrics();
  const grown = (name: string): number => (after.get(name) ?? 0) - (before.get(name) ?? 0);
  assert.equal(grown('haneul_requests_total{service="lambda",operation="GetFunction",status="4xx"}'), 1);
  assert.equal(grown('haneul_request_duration_seconds_count{service="lambda",operation="GetFunction"}'), 1);
  assert.equal(grown('haneul_request_duration_seconds_bucket{service="lambda",operation="GetFunction",le="+Inf"}'), 1);
  assert.equal(grown('haneul_requests_total{service="none",operation="none",status="4xx"}'), 1);
});

test('metrics count invocations by how they ended, and environments by what they do', async () => {
  const { aws, roleArn } = scene();
  const name = await createFunction(aws.lambda, { Role: roleArn, files: handler });
  const before = await readMetrics();
  await invoke(aws.lambda, name);
  await invoke(aws.lambda, name);
  await invoke(aws.lambda, name, { fail: true });
  const after = await readMetrics();
  const grown = (labels: string): number => {
    const key = `haneul_function_invocations_total{${labels}}`;
    return (after.get(key) ?? 0) - (before.get(key) ?? 0);
  };
  assert.equal(grown('outcome="response",start="cold"'), 1);
  assert.equal(grown('outcome="response",start="warm"'), 1);
  assert.equal(grown('outcome="function-error",start="warm"'), 1);
  assert.equal(after.get('haneul_function_environments{state="idle"}'), 1);
  assert.equal(after.get('haneul_function_environments{state="busy"}'), 0);
  assert.equal(after.get('haneul_function_duration_seconds_count{start="cold"}'), 1);
});

test('metrics tell how the store, the log sink and the process fare', async () => {
  await readMetrics();
  const metrics = await readMetrics();
  for (const name of ['haneul_store_transactions_total{outcome="committed"}', 'haneul_store_flush_seconds_count', 'haneul_store_writes_total', 'process_resident_memory_bytes', 'haneul_uptime_seconds']) {
    assert.ok((metrics.get(name) ?? 0) > 0, name);
  }
  for (const name of ['haneul_store_retries_total', 'haneul_store_flush_failures_total', 'haneul_log_queue_bytes', 'haneul_log_events_dropped_total', 'haneul_request_body_bytes', 'haneul_event_loop_delay_seconds{quantile="0.99"}']) {
    assert.ok(metrics.has(name), name);
  }
});

test('metrics go on counting over a reset, about the services of now', async () => {
  const before = await readMetrics();
  await scene().server.reset();
  await scene().aws.logs.send(new CreateLogGroupCommand({ logGroupName: '/metrics/after-reset' }));
  const after = await readMetrics();
  assert.equal(after.get('haneul_function_environments{state="idle"}'), 0);
  const committed = 'haneul_store_transactions_total{outcome="committed"}';
  assert.ok((after.get(committed) ?? 0) > (before.get(committed) ?? 0));
});
