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

interface DecisionCase {
  readonly name: string;
  /** One of the names below, `anonymous`, or a service principal. */
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
  readonly resourceAccount?: string;
  readonly version?: string;
  readonly context?: Readonly<Record<string, string | string[]>>;
  /** Lists of statements. */
  readonly identity?: readonly unknown[];
  readonly boundary?: readonly unknown[];
  readonly session?: readonly unknown[];
  readonly resourcePolicy?: readonly unknown[];
  readonly serviceControl?: readonly (readonly unknown[])[];
  /** The decision, the layer that decided (or failed to allow), and the statement's position. */
  readonly expect: string;
}

const account = '111111111111';
const principals: Readonly<Record<string, RequestPrincipal>> = {
  root: { kind: 'root', account, arn: `arn:aws:iam::${account}:root`, userId: account },
  alice: { kind: 'user', account, arn: `arn:aws:iam::${account}:user/alice`, userId: 'AIDAALICE', userName: 'alice' },
  session: {
    kind: 'role-session',
    account,
    arn: `arn:aws:sts::${account}:assumed-role/worker/run1`,
    roleArn: `arn:aws:iam::${account}:role/worker`,
    userId: 'AROAWORKER:run1',
    sessionName: 'run1',
  },
  anonymous: { kind: 'anonymous' },
};

for (const { name, kind, document, problem } of readCases<DocumentCase>('documents.json')) {
  test(`parsePolicy: ${kind}: ${name}`, () => {
    const parsed = parsePolicy(typeof document === 'string' ? document : JSON.stringify(document), kind);
    assert.equal('problem' in parsed ? parsed.problem : null, problem);
  });
}

for (const entry of readCases<DecisionCase>('decisions.json')) {
  test(`evaluate: ${entry.name}`, () => assert.equal(summaryOf(decide(entry)), entry.expect));
}

function decide(entry: DecisionCase): Evaluation {
  const policy = (layer: string, statements: readonly unknown[]): PolicySet => {
    const parsed = parsePolicy(JSON.stringify({ Version: entry.version ?? '2012-10-17', Statement: statements }), 'stored');
    assert.ok('policy' in parsed, `the ${layer} policy of this case has no meaning`);
    return createPolicySet([{ source: layer, policy: parsed.policy }]);
  };
  const { identity, boundary, session, resourcePolicy, serviceControl } = entry;
  const principal = principals[entry.principal] ?? { kind: 'service', service: entry.principal };
  const context = contextOf({ principal, nowMs: Date.UTC(2026, 0, 1), keys: entry.context ?? {} });
  const { action, resource, resourceAccount } = entry;
  return evaluate(
    { principal, action, resource, context, ...(resourceAccount === undefined ? {} : { resourceAccount }) },
    {
      identity: identity ? [policy('identity', identity)] : [],
      ...(boundary && { boundary: [policy('boundary', boundary)] }),
      ...(session && { session: [policy('session', session)] }),
      ...(resourcePolicy && { resource: [policy('resource', resourcePolicy)] }),
      ...(serviceControl && { serviceControl: serviceControl.map((level) => [policy('service-control', level)]) }),
    },
  );
}

function summaryOf(evaluation: Evaluation): string {
  if (evaluation.decision === 'implicit-deny') return `implicit-deny:${evaluation.missing}`;
  const { decision, deciding } = evaluation;
  return deciding ? `${decision}:${deciding.layer}:${deciding.index}` : decision;
}

function readCases<T>(name: string): readonly T[] {
  return JSON.parse(readFileSync(join(packageRoot, 'test/cases/policy', name), 'utf8')) as readonly T[];
}
