import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../../src/base/packageRoot.ts';
import { contextOf } from '../../../src/policy/context.ts';
import { evaluate } from '../../../src/policy/evaluate.ts';
import { parsePolicy, type PolicyKind } from '../../../src/policy/parsePolicy.ts';
import { createPolicySet } from '../../../src/policy/policySet.ts';
import type { Evaluation, PolicySet, RequestPrincipal } from '../../../src/policy/types.ts';

interface DocumentCase {
  readonly name: string;
  readonly kind: PolicyKind;
  readonly document: unknown;
  readonly problem: string | null;
}

/** Cases that prove one rule of the documentation. */
interface Rule {
  readonly rule: string;
  /** The page that says so. */
  readonly page: string;
  readonly cases: readonly DecisionCase[];
}

interface DecisionCase {
  readonly name: string;
  /** One of the names below, `federated:<provider>`, or a service principal. Default `alice`. */
  readonly principal?: string;
  /** Default `sqs:SendMessage`. */
  readonly action?: string;
  /** Default the queue `jobs`. */
  readonly resource?: string;
  readonly resourceAccount?: string;
  readonly resourceRequired?: boolean;
  readonly version?: string;
  readonly context?: Readonly<Record<string, string | string[]>>;
  /** Short for one identity statement that allows the action on everything under this condition. */
  readonly condition?: object;
  /** Lists of statements. */
  readonly identity?: readonly unknown[];
  readonly boundary?: readonly unknown[];
  readonly session?: readonly unknown[];
  readonly resourcePolicy?: readonly unknown[];
  readonly serviceControl?: readonly (readonly unknown[])[];
  readonly resourceControl?: readonly (readonly unknown[])[];
  /** The decision, the layer that decided (or failed to allow), and the statement's position. */
  readonly expect: string;
}

const account = '111111111111';
const principals: Readonly<Record<string, RequestPrincipal>> = {
  root: { kind: 'root', account, arn: `arn:aws:iam::${account}:root`, userId: account },
  alice: { kind: 'user', account, arn: `arn:aws:iam::${account}:user/alice`, userId: 'AIDAALICE', userName: 'alice' },
  session: sessionOf('role/worker', 'AROAWORKER:run1'),
  'service-linked': sessionOf('role/aws-service-role/ops.apigateway.amazonaws.com/AWSServiceRoleForAPIGateway', 'AROALINKED:run1'),
  'federated-user': {
    kind: 'federated-user',
    account,
    arn: `arn:aws:sts::${account}:federated-user/fred`,
    userArn: `arn:aws:iam::${account}:user/alice`,
    userId: `${account}:fred`,
  },
  anonymous: { kind: 'anonymous' },
};

const decisionFiles = ['statements', 'operators', 'condition-logic', 'variables', 'principals', 'evaluation', 'services'];
const rules = decisionFiles.flatMap((name) => readCases<Rule>(`${name}.json`));

for (const { name, kind, document, problem } of readCases<DocumentCase>('documents.json')) {
  test(`parsePolicy: ${kind}: ${name}`, () => {
    const parsed = parsePolicy(typeof document === 'string' ? document : JSON.stringify(document), kind);
    assert.equal('problem' in parsed ? parsed.problem : null, problem);
  });
}

for (const { rule, cases } of rules) {
  test(`evaluate: ${rule}`, async (t) => {
    for (const entry of cases) await t.test(entry.name, () => assert.equal(summaryOf(decide(entry)), entry.expect));
  });
}

test('the cases are many, each rule has its page, and each decision can be either way', () => {
  const cases = rules.flatMap((rule) => rule.cases);
  assert.ok(cases.length >= 400, `${cases.length} cases`);
  for (const { rule, page } of rules) assert.match(page, /^https:\/\/docs\.aws\.amazon\.com\/\S+$/, rule);
  for (const decision of ['allow', 'explicit-deny', 'implicit-deny']) assert.ok(cases.some(({ expect }) => expect.startsWith(decision)));
});

function decide(entry: DecisionCase): Evaluation {
  const policy = (layer: string, statements: readonly unknown[]): PolicySet => {
    const parsed = parsePolicy(JSON.stringify({ Version: entry.version ?? '2012-10-17', Statement: statements }), 'stored');
    // A list of statements may be empty here, where a policy that allows nothing is meant.
    assert.ok('policy' in parsed || statements.length === 0, `the ${layer} policy of this case has no meaning`);
    return createPolicySet('policy' in parsed ? [{ source: layer, policy: parsed.policy }] : []);
  };
  const { action = 'sqs:SendMessage', resource = `arn:aws:sqs:us-east-1:${account}:jobs`, condition, boundary, session, resourcePolicy, resourceAccount } = entry;
  const identity = condition ? [{ Effect: 'Allow', Action: action, Resource: '*', Condition: condition }] : entry.identity;
  const principal = principalOf(entry.principal ?? 'alice');
  const context = contextOf({ principal, nowMs: Date.UTC(2026, 0, 1), keys: entry.context ?? {} });
  return evaluate(
    { principal, action, resource, context, ...(resourceAccount === undefined ? {} : { resourceAccount }) },
    {
      identity: identity ? [policy('identity', identity)] : [],
      boundary: boundary && [policy('boundary', boundary)],
      session: session && [policy('session', session)],
      resource: resourcePolicy && [policy('resource', resourcePolicy)],
      resourceRequired: entry.resourceRequired,
      serviceControl: entry.serviceControl?.map((level) => [policy('service-control', level)]),
      resourceControl: entry.resourceControl?.map((level) => [policy('resource-control', level)]),
    },
  );
}

function principalOf(name: string): RequestPrincipal {
  const provider = /^federated:(.+)$/.exec(name)?.[1];
  if (provider !== undefined) return { kind: 'federated', provider };
  return principals[name] ?? { kind: 'service', service: name };
}

function sessionOf(role: string, userId: string): RequestPrincipal {
  const name = role.split('/').at(-1) ?? '';
  return { kind: 'role-session', account, arn: `arn:aws:sts::${account}:assumed-role/${name}/run1`, roleArn: `arn:aws:iam::${account}:${role}`, userId, sessionName: 'run1' };
}

function summaryOf(evaluation: Evaluation): string {
  if (evaluation.decision === 'implicit-deny') return `implicit-deny:${evaluation.missing}`;
  const { decision, deciding } = evaluation;
  return deciding ? `${decision}:${deciding.layer}:${deciding.index}` : decision;
}

function readCases<T>(name: string): readonly T[] {
  return JSON.parse(readFileSync(join(packageRoot, 'test/cases/policy', name), 'utf8')) as readonly T[];
}
