import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../src/base/packageRoot.ts';
import { errorReadme, errorTable, listedServices } from './errorTable.ts';
import { formatCoverage, replaceGenerated, summaryTable } from './formatCoverage.ts';
import { findCalls, readCoverage, type ServiceCoverage } from './readCoverage.ts';

const read = (path: string): string => readFileSync(join(packageRoot, path), 'utf8');

test('docs/coverage.md and the table of the README are what npm run coverage would write', async () => {
  const services = await readCoverage(packageRoot);
  assert.ok(read('docs/coverage.md') === formatCoverage(services), 'docs/coverage.md is out of date: npm run coverage');
  assert.ok(read('README.md') === replaceGenerated(read('README.md'), summaryTable(services)), 'README.md is out of date: npm run coverage');
});

test("the READMEs of services list the errors of their errors.ts, as npm run coverage would write them", async () => {
  for (const id of listedServices) {
    const path = errorReadme(packageRoot, id);
    assert.ok(path, `src/services/${id} has no README`);
    const text = readFileSync(path, 'utf8');
    const table = await errorTable(packageRoot, id);
    assert.ok(table.split('\n').length > 20, table);
    assert.ok(text === replaceGenerated(text, table), `src/services/${id}/README.md is out of date: npm run coverage`);
  }
});

const logs = { id: 'logs', sdkId: 'CloudWatch Logs', operations: { TagResource: {}, PutLogEvents: {}, FilterLogEvents: {}, StartQuery: {} } };

test('findCalls counts what is sent through the client of the very service, and commands of the AWS CLI', () => {
  const text = [
    "import { PutLogEventsCommand, StartQueryCommand } from '@aws-sdk/client-cloudwatch-logs';",
    "import { TagResourceCommand } from '@aws-sdk/client-lambda';",
    'send(new PutLogEventsCommand({}));',
    'send(new TagResourceCommand({}));',
    "run('logs', 'filter-log-events');",
  ].join('\n');
  assert.deepEqual(findCalls(text, logs), ['PutLogEvents', 'FilterLogEvents']);
  assert.deepEqual(findCalls('aws logs start-query-later', logs), []);
  const namespace = "import * as Logs from '@aws-sdk/client-cloudwatch-logs';\nsend(new Logs.StartQueryCommand({}));\nsend(new Other.TagResourceCommand({}));";
  assert.deepEqual(findCalls(namespace, logs), ['StartQuery']);
});

const services: ServiceCoverage[] = [
  { id: 'a', fullName: 'Service A', operations: [{ name: 'Get', level: 'tested' }, { name: 'List', level: 'answers' }, { name: 'Put', level: 'absent' }] },
  { id: 'b', fullName: 'Service B', operations: [{ name: 'Get', level: 'absent' }] },
];

test('formatCoverage shows each level, and services of which nothing is there', () => {
  const text = formatCoverage(services);
  assert.match(text, /\| Service A \(`a`\) \| 2 of 3 \| 1 \|/);
  assert.match(text, /\*\*absent\*\* \(1\): Put/);
  assert.match(text, /refused: b \(1\)\./);
});

test('replaceGenerated keeps what is written by hand and refuses a file without marks', () => {
  const marked = 'a\n<!-- begin generated: npm run coverage -->\nold\n<!-- end generated -->\nz';
  assert.equal(replaceGenerated(marked, 'new'), marked.replace('old', 'new'));
  assert.throws(() => replaceGenerated('a', 'new'), /marks/);
});
