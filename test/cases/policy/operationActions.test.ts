// Every implemented operation has an action that AWS knows, and every action and condition key that a service names is one of
// AWS's: a policy that a user wrote from AWS's documentation can only ever match those. What an operation asks for when it
// runs is held against the same data by every conformance test (`vetAccess`).

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../../src/base/packageRoot.ts';
import { createActionCatalogue } from '../../../src/policy/actionCatalogue.ts';
import { findAccessProblem } from '../../../src/policy/vetAccess.ts';
import { readCoverage } from '../../../tools/coverage/readCoverage.ts';

const catalogue = createActionCatalogue();
const exceptions = JSON.parse(readFileSync(join(packageRoot, 'test/cases/policy/operationActions.json'), 'utf8')) as Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

/** The prefix of a service's actions, where it is not the name of its model. */
const prefixes: Readonly<Record<string, string>> = {
  apigatewaymanagementapi: 'execute-api',
  apigatewayv2: 'apigateway',
  appconfigdata: 'appconfig',
  elasticloadbalancingv2: 'elasticloadbalancing',
  email: 'ses',
  'streams.dynamodb': 'dynamodb',
  tagging: 'tag',
};

// STS serves these without permission; its policy action still exists. API Gateway's actions are the methods of HTTP.
function actionsOf(service: string, operation: string): readonly string[] {
  const prefix = prefixes[service] ?? service;
  if (prefix === 'apigateway') return ['apigateway:GET', 'apigateway:POST', 'apigateway:PUT', 'apigateway:PATCH', 'apigateway:DELETE'];
  return exceptions[service]?.[operation] ?? [`${prefix}:${operation}`];
}

const isKnown = (action: string): boolean => {
  const [prefix = '', name = ''] = action.split(':');
  return Object.hasOwn(catalogue.find(prefix)?.actions ?? {}, name);
};

// Those that only refuse ask for nothing that a policy could allow.
test('every implemented operation has an action that AWS knows', async () => {
  const unknown = (await readCoverage(packageRoot)).flatMap(({ id, operations }) =>
    operations.filter(({ name, level }) => level !== 'absent' && level !== 'refused' && !actionsOf(id, name).every(isKnown)).map(({ name }) => `${id}:${name}`),
  );
  assert.deepEqual(unknown, [], 'name their actions in test/cases/policy/operationActions.json');
});

test('the table of operations whose action has another name is about operations that exist, and says nothing that goes without saying', () => {
  for (const [service, operations] of Object.entries(exceptions)) {
    for (const [operation, actions] of Object.entries(operations)) {
      assert.ok(actions.every(isKnown), `${service}:${operation} -> ${actions.join(', ')}`);
      assert.ok(!isKnown(`${prefixes[service] ?? service}:${operation}`), `${service}:${operation} has an action of its own`);
    }
  }
});

test('the actions and condition keys that services write out are AWS\'s', () => {
  const folder = join(packageRoot, 'src/services');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts') && !/(\.test\.ts|[/\\]testing[/\\]|[/\\]test[A-Z]\w*\.ts)$/.test(name));
  const wrong: string[] = [];
  for (const name of files) {
    const text = readFileSync(join(folder, name), 'utf8');
    // An action after its name, a condition key as the name of a member: other texts of this form mean other things.
    for (const [, prefix = '', rest = ''] of text.matchAll(/\baction: '([a-z][a-z0-9-]*):([A-Za-z][A-Za-z0-9]*)'/g)) if (!isActionOrKey(prefix, rest)) wrong.push(`${name}: ${prefix}:${rest}`);
    for (const [, prefix = '', rest = ''] of text.matchAll(/'([a-z][a-z0-9-]*):([A-Za-z][A-Za-z0-9-]*)':/g)) if (!isActionOrKey(prefix, rest)) wrong.push(`${name}: ${prefix}:${rest}`);
  }
  assert.deepEqual(wrong, []);
});

function isActionOrKey(prefix: string, rest: string): boolean {
  if (prefix === 'aws') return catalogue.globalKeys.some((key) => key.toLowerCase().split('/')[0] === `aws:${rest}`.toLowerCase());
  const service = catalogue.find(prefix);
  if (!service) return true;
  const key = `${prefix}:${rest}`.toLowerCase();
  const keys = [...Object.keys(service.keys), ...catalogue.globalKeys].map((known) => known.toLowerCase().split('/')[0]);
  return Object.hasOwn(service.actions, rest) || keys.includes(key);
}

test('findAccessProblem knows actions, resources and condition keys', () => {
  const queue = 'arn:aws:sqs:us-east-1:000000000000:q';
  const problemOf = (action: string, resource: string, conditions?: Record<string, string>): string | undefined => findAccessProblem({ action, resource, conditions }, catalogue);
  assert.equal(problemOf('sqs:SendMessage', queue, { 'aws:RequestTag/a': 'b' }), undefined);
  assert.match(problemOf('sqs:SendMessages', queue) ?? '', /no action sqs:SendMessages/);
  assert.match(problemOf('nosuch:Thing', '*') ?? '', /no action nosuch:Thing/);
  assert.match(problemOf('sqs:SendMessage', '*') ?? '', /needs a resource: queue/);
  assert.match(problemOf('sqs:SendMessage', queue.replace(':sqs:', ':sns:')) ?? '', /which is none of/);
  assert.match(problemOf('sqs:SendMessage', queue, { 'sqs:Colour': 'x' }) ?? '', /no condition key sqs:Colour/);
  assert.equal(problemOf('s3:GetObject', 'arn:aws:s3:::bucket/a:b/c', { 's3:ExistingObjectTag/team': 'x' }), undefined);
  assert.equal(problemOf('lambda:ListFunctions', '*'), undefined);
});
