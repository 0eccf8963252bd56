// Managed policies: CreatePolicy, its versions, GetPolicy, ListPolicies, ListEntitiesForPolicy, DeletePolicy.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_Operations.html

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  AttachRolePolicyCommand,
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  CreateRoleCommand,
  DeletePolicyCommand,
  DeletePolicyVersionCommand,
  DetachRolePolicyCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  ListEntitiesForPolicyCommand,
  ListPoliciesCommand,
  ListPolicyVersionsCommand,
  SetDefaultPolicyVersionCommand,
  TagPolicyCommand,
  type CreatePolicyCommandInput,
  type Policy,
} from '@aws-sdk/client-iam';
import { basicExecutionPolicyArn, lambdaTrustPolicy, uniqueName } from '../../support/functions.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';

const scene = useServer();
const documentOf = (action: string): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: action, Resource: '*' }] });

async function createPolicy(input: Partial<CreatePolicyCommandInput> = {}): Promise<Policy & { Arn: string; PolicyName: string }> {
  const PolicyName = input.PolicyName ?? uniqueName('policy');
  const { Policy } = await scene().aws.iam.send(new CreatePolicyCommand({ PolicyDocument: documentOf('s3:GetObject'), ...input, PolicyName }));
  assert.ok(Policy?.Arn);
  return { ...Policy, Arn: Policy.Arn, PolicyName };
}

suite('CreatePolicy: constraints', () => {
  const documents: readonly [string, string, string][] = [
    ['no JSON', '{', 'Syntax errors in policy.'],
    ['an effect in lower case', documentOf('s3:*').replace('Allow', 'allow'), 'The policy failed legacy parsing'],
    ['an action without a service', documentOf('GetObject'), 'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.'],
    ['no version', documentOf('s3:*').replace('"Version":"2012-10-17",', ''), 'Policy document must be version 2012-10-17 or greater.'],
    ['a principal', documentOf('s3:*').replace('"Action"', '"Principal":"*","Action"'), 'Policy document should not specify a principal.'],
  ];
  for (const [what, PolicyDocument, message] of documents) {
    test(`a document with ${what} is refused`, async () => {
      await expectRefusal(createPolicy({ PolicyDocument }), { name: 'MalformedPolicyDocumentException', status: 400, message });
    });
  }
  test('a document over 6,144 characters is refused', async () => {
    const PolicyDocument = documentOf(`s3:${'a'.repeat(6_144)}`);
    await expectRefusal(createPolicy({ PolicyDocument }), { name: 'LimitExceededException', status: 409, message: 'Cannot exceed quota for PolicySize: 6144' });
  });
  test('a name that is taken is refused', async () => {
    const { PolicyName } = await createPolicy();
    const message = `A policy called ${PolicyName} already exists. Duplicate names are not allowed.`;
    await expectRefusal(createPolicy({ PolicyName }), { name: 'EntityAlreadyExistsException', status: 409, message });
  });
});

suite('managed policies: behaviour', () => {
  test('a policy is created, read and tagged', async () => {
    const { aws } = scene();
    const { Arn: PolicyArn, PolicyName } = await createPolicy({ Path: '/team/', Description: 'reads objects' });
    await aws.iam.send(new TagPolicyCommand({ PolicyArn, Tags: [{ Key: 'team', Value: 'blue' }] }));
    const { Policy } = await aws.iam.send(new GetPolicyCommand({ PolicyArn }));
    assert.match(Policy?.PolicyId ?? '', /^ANPA[A-Z0-9]{17}$/);
    assert.deepEqual(
      [Policy?.PolicyName, Policy?.Path, Policy?.Description, Policy?.DefaultVersionId, Policy?.AttachmentCount, Policy?.IsAttachable, Policy?.Tags],
      [PolicyName, '/team/', 'reads objects', 'v1', 0, true, [{ Key: 'team', Value: 'blue' }]],
    );
  });
  test('versions are numbered for good, and at most five', async () => {
    const { aws } = scene();
    const { Arn: PolicyArn } = await createPolicy();
    for (let number = 2; number <= 5; number += 1) {
      await aws.iam.send(new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument: documentOf(`s3:${number}`), SetAsDefault: number === 2 }));
    }
    const sixth = new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument: documentOf('s3:6') });
    await expectRefusal(aws.iam.send(sixth), { name: 'LimitExceededException', status: 409, message: /^A managed policy can have up to 5 versions\./ });
    await expectRefusal(aws.iam.send(new DeletePolicyVersionCommand({ PolicyArn, VersionId: 'v2' })), { name: 'DeleteConflictException', status: 409 });
    await aws.iam.send(new SetDefaultPolicyVersionCommand({ PolicyArn, VersionId: 'v5' }));
    await aws.iam.send(new DeletePolicyVersionCommand({ PolicyArn, VersionId: 'v2' }));
    const { Versions } = await aws.iam.send(new ListPolicyVersionsCommand({ PolicyArn }));
    assert.deepEqual(Versions?.map((version) => [version.VersionId, version.IsDefaultVersion]), [['v5', true], ['v4', false], ['v3', false], ['v1', false]]);
    const { PolicyVersion } = await aws.iam.send(new GetPolicyVersionCommand({ PolicyArn, VersionId: 'v5' }));
    assert.equal(decodeURIComponent(PolicyVersion?.Document ?? ''), documentOf('s3:5'));
  });
  test('a policy is deleted only when it is not attached', async () => {
    const { aws } = scene();
    const { Arn: PolicyArn } = await createPolicy();
    const RoleName = uniqueName('role');
    const { Role } = await aws.iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: lambdaTrustPolicy }));
    await aws.iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn }));
    const { PolicyRoles, PolicyUsers } = await aws.iam.send(new ListEntitiesForPolicyCommand({ PolicyArn }));
    assert.deepEqual([PolicyRoles, PolicyUsers ?? []], [[{ RoleName, RoleId: Role?.RoleId }], []]);
    const message = 'Cannot delete a policy attached to entities.';
    await expectRefusal(aws.iam.send(new DeletePolicyCommand({ PolicyArn })), { name: 'DeleteConflictException', status: 409, message });
    await aws.iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn }));
    await aws.iam.send(new DeletePolicyCommand({ PolicyArn }));
    await expectRefusal(aws.iam.send(new GetPolicyCommand({ PolicyArn })), { name: 'NoSuchEntityException', status: 404, message: `Policy ${PolicyArn} was not found.` });
  });
  test("AWS's own policies are there, and nobody's to change", async () => {
    const { aws } = scene();
    const { Policy } = await aws.iam.send(new GetPolicyCommand({ PolicyArn: basicExecutionPolicyArn }));
    assert.equal(Policy?.Path, '/service-role/');
    const version = await aws.iam.send(new GetPolicyVersionCommand({ PolicyArn: basicExecutionPolicyArn, VersionId: Policy.DefaultVersionId }));
    assert.match(decodeURIComponent(version.PolicyVersion?.Document ?? ''), /logs:PutLogEvents/);
    await expectRefusal(aws.iam.send(new DeletePolicyCommand({ PolicyArn: basicExecutionPolicyArn })), { name: /^AccessDenied/, status: 403 });
  });
  test('ListPolicies pages through both kinds', async () => {
    const { aws } = scene();
    const { Arn } = await createPolicy();
    const arns: (string | undefined)[] = [];
    let Marker: string | undefined;
    do {
      const page = await aws.iam.send(new ListPoliciesCommand({ MaxItems: 60, Marker }));
      arns.push(...(page.Policies ?? []).map((policy) => policy.Arn));
      Marker = page.Marker;
    } while (Marker !== undefined && arns.length < 5_000);
    assert.ok(arns.includes(Arn) && arns.includes(basicExecutionPolicyArn));
    assert.equal(new Set(arns).size, arns.length);
    const { Policies = [] } = await aws.iam.send(new ListPoliciesCommand({ Scope: 'Local', MaxItems: 1_000 }));
    assert.ok(Policies.some((policy) => policy.Arn === Arn) && !Policies.some((policy) => policy.Arn === basicExecutionPolicyArn));
  });
});
