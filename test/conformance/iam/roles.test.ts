// CreateRole, GetRole, ListRoles, DeleteRole, UpdateAssumeRolePolicy and the policies of a role.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_Operations.html

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  AttachRolePolicyCommand,
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
  ListRolesCommand,
  PutRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
  type CreateRoleCommandInput,
} from '@aws-sdk/client-iam';
import { basicExecutionPolicyArn, lambdaTrustPolicy, uniqueName } from '../../support/functions.ts';
import { createLimitedUser } from '../../support/limitedUser.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';

const scene = useServer();
const logsPolicy = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'logs:*', Resource: '*' }] });

async function createRole(input: Partial<CreateRoleCommandInput> = {}): Promise<string> {
  const RoleName = input.RoleName ?? uniqueName('role');
  await scene().aws.iam.send(new CreateRoleCommand({ AssumeRolePolicyDocument: lambdaTrustPolicy, ...input, RoleName }));
  return RoleName;
}

suite('CreateRole: constraints', () => {
  const constraints: readonly [string, Partial<CreateRoleCommandInput>, RegExp][] = [
    ['a name of 65 characters', { RoleName: 'r'.repeat(65) }, /'roleName' failed to satisfy constraint: Member must have length less than or equal to 64/],
    ['a name with a slash', { RoleName: 'a/b' }, /'roleName'|The specified value for roleName is invalid/],
    ['a session of 43201 s', { MaxSessionDuration: 43_201 }, /Value '43201' at 'maxSessionDuration' failed to satisfy constraint: Member must have value less than or equal to 43200/],
    ['a session of 3599 s', { MaxSessionDuration: 3_599 }, /Value '3599' at 'maxSessionDuration' failed to satisfy constraint: Member must have value greater than or equal to 3600/],
    ['a path that does not begin with a slash', { Path: 'team/' }, /path/i],
  ];
  for (const [what, input, message] of constraints) {
    test(`${what} is refused`, async () => {
      await expectRefusal(createRole(input), { name: 'ValidationError', status: 400, message });
    });
  }
  test('a trust policy that is no JSON is refused', async () => {
    await expectRefusal(createRole({ AssumeRolePolicyDocument: '{"Version":' }), { name: 'MalformedPolicyDocumentException', status: 400 });
  });
  test('a trust policy without a principal is refused', async () => {
    await expectRefusal(createRole({ AssumeRolePolicyDocument: logsPolicy }), { name: 'MalformedPolicyDocumentException', status: 400 });
  });
});

suite('CreateRole and GetRole: behaviour', () => {
  test('a role has an ARN with its path, an id and its trust policy', async () => {
    const { aws } = scene();
    const RoleName = await createRole({ Path: '/service-role/', Description: 'text', MaxSessionDuration: 7_200, Tags: [{ Key: 'team', Value: 'one' }] });
    const { Role } = await aws.iam.send(new GetRoleCommand({ RoleName }));
    assert.equal(Role?.Arn, `arn:aws:iam::000000000000:role/service-role/${RoleName}`);
    assert.match(Role.RoleId ?? '', /^AROA[A-Z0-9]{17}$/);
    assert.ok(Role.CreateDate instanceof Date);
    assert.deepEqual(
      [Role.Path, Role.Description, Role.MaxSessionDuration, Role.Tags],
      ['/service-role/', 'text', 7_200, [{ Key: 'team', Value: 'one' }]],
    );
    assert.deepEqual(JSON.parse(decodeURIComponent(Role.AssumeRolePolicyDocument ?? '')), JSON.parse(lambdaTrustPolicy));
  });
  test('a second role of the same name is refused', async () => {
    const RoleName = await createRole();
    await expectRefusal(createRole({ RoleName }), { name: 'EntityAlreadyExistsException', status: 409, message: `Role with name ${RoleName} already exists.` });
  });
  test('names differ by more than case', async () => {
    // "Names are not distinguished by case" (API reference, CreateRole, RoleName).
    const RoleName = await createRole({ RoleName: uniqueName('Cased') });
    await expectRefusal(createRole({ RoleName: RoleName.toLowerCase() }), { name: 'EntityAlreadyExistsException', status: 409 });
  });
  test('a role that does not exist is not found', async () => {
    await expectRefusal(scene().aws.iam.send(new GetRoleCommand({ RoleName: 'absent' })), {
      name: 'NoSuchEntityException',
      status: 404,
      message: 'The role with name absent cannot be found.',
    });
  });
  test('UpdateAssumeRolePolicy replaces the trust policy', async () => {
    const { aws } = scene();
    const RoleName = await createRole();
    const PolicyDocument = lambdaTrustPolicy.replace('lambda.amazonaws.com', 'states.amazonaws.com');
    await aws.iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument }));
    const { Role } = await aws.iam.send(new GetRoleCommand({ RoleName }));
    assert.equal(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? ''), PolicyDocument);
  });
  test('ListRoles pages by MaxItems and Marker and filters by path', async () => {
    const { aws } = scene();
    const PathPrefix = `/${uniqueName('path')}/`;
    const names = await Promise.all(Array.from({ length: 5 }, () => createRole({ Path: PathPrefix })));
    const seen: string[] = [];
    let Marker: string | undefined;
    let pages = 0;
    do {
      const page = await aws.iam.send(new ListRolesCommand({ PathPrefix, MaxItems: 2, Marker }));
      for (const role of page.Roles ?? []) seen.push(role.RoleName ?? '');
      assert.equal(page.IsTruncated, page.Marker !== undefined);
      Marker = page.Marker;
      pages += 1;
    } while (Marker !== undefined && pages < 10);
    assert.deepEqual([seen.sort(), pages], [names.sort(), 3]);
  });
});

suite('the policies of a role', () => {
  test('a managed policy is attached once, listed, and detached', async () => {
    const { aws } = scene();
    const RoleName = await createRole();
    const target = { RoleName, PolicyArn: basicExecutionPolicyArn };
    await aws.iam.send(new AttachRolePolicyCommand(target));
    await aws.iam.send(new AttachRolePolicyCommand(target));
    const { AttachedPolicies } = await aws.iam.send(new ListAttachedRolePoliciesCommand({ RoleName }));
    assert.deepEqual(AttachedPolicies, [{ PolicyName: 'AWSLambdaBasicExecutionRole', PolicyArn: basicExecutionPolicyArn }]);
    await aws.iam.send(new DetachRolePolicyCommand(target));
    assert.deepEqual((await aws.iam.send(new ListAttachedRolePoliciesCommand({ RoleName }))).AttachedPolicies ?? [], []);
    await expectRefusal(aws.iam.send(new DetachRolePolicyCommand(target)), { name: 'NoSuchEntityException', status: 404 });
  });
  test('a managed policy that does not exist cannot be attached', async () => {
    const { aws } = scene();
    const RoleName = await createRole();
    const PolicyArn = 'arn:aws:iam::aws:policy/service-role/AbsentRole';
    await expectRefusal(aws.iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn })), {
      name: 'NoSuchEntityException',
      status: 404,
      message: `Policy ${PolicyArn} does not exist or is not attachable.`,
    });
  });
  test('an inline policy is put, read, listed and deleted', async () => {
    const { aws } = scene();
    const RoleName = await createRole();
    const named = { RoleName, PolicyName: 'write-logs' };
    await aws.iam.send(new PutRolePolicyCommand({ ...named, PolicyDocument: logsPolicy }));
    assert.equal(decodeURIComponent((await aws.iam.send(new GetRolePolicyCommand(named))).PolicyDocument ?? ''), logsPolicy);
    assert.deepEqual((await aws.iam.send(new ListRolePoliciesCommand({ RoleName }))).PolicyNames, ['write-logs']);
    await aws.iam.send(new DeleteRolePolicyCommand(named));
    await expectRefusal(aws.iam.send(new GetRolePolicyCommand(named)), {
      name: 'NoSuchEntityException',
      status: 404,
      message: `The role policy with name write-logs cannot be found.`,
    });
  });
  test('an inline policy that is malformed is refused', async () => {
    const RoleName = await createRole();
    for (const PolicyDocument of ['{"Statement":[', '{"Version":"2012-10-17"}', '{"Version":"2012-10-17","Statement":[{"Effect":"Maybe","Action":"*","Resource":"*"}]}']) {
      await expectRefusal(scene().aws.iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'p', PolicyDocument })), { name: 'MalformedPolicyDocumentException', status: 400 });
    }
  });
  test('a role is deleted only when nothing hangs on it', async () => {
    const { aws } = scene();
    const RoleName = await createRole();
    await aws.iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'p', PolicyDocument: logsPolicy }));
    await expectRefusal(aws.iam.send(new DeleteRoleCommand({ RoleName })), { name: 'DeleteConflictException', status: 409, message: /^Cannot delete entity, must delete policies first\.$/ });
    await aws.iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: 'p' }));
    await aws.iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: basicExecutionPolicyArn }));
    await expectRefusal(aws.iam.send(new DeleteRoleCommand({ RoleName })), { name: 'DeleteConflictException', status: 409, message: /^Cannot delete entity, must detach all policies first\.$/ });
    await aws.iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn: basicExecutionPolicyArn }));
    await aws.iam.send(new DeleteRoleCommand({ RoleName }));
    await expectRefusal(aws.iam.send(new GetRoleCommand({ RoleName })), { name: 'NoSuchEntityException', status: 404 });
  });
});

suite('roles: authorisation', () => {
  test('iam:CreateRole is asked for on the role to be', async () => {
    const user = await createLimitedUser(scene(), []);
    const RoleName = uniqueName('role');
    const error = await expectRefusal(user.clients.iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: lambdaTrustPolicy })), { name: /^AccessDenied/, status: 403 });
    assert.equal(
      error.message,
      `User: ${user.arn} is not authorized to perform: iam:CreateRole on resource: arn:aws:iam::000000000000:role/${RoleName} because no identity-based policy allows the iam:CreateRole action`,
    );
    user.clients.destroy();
  });
});
