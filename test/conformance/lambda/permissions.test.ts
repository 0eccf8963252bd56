// AddPermission, GetPolicy, RemovePermission, and what they change for whoever invokes.
// https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { AddPermissionCommand, GetPolicyCommand, RemovePermissionCommand, type AddPermissionCommandInput } from '@aws-sdk/client-lambda';
import { createFunction, invoke } from '../../support/functions.ts';
import { createLimitedUser } from '../../support/limitedUser.ts';
import { sdkClients } from '../../support/sdkClients.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';

const scene = useServer();
const make = (): Promise<string> => createFunction(scene().aws.lambda, { Role: scene().roleArn, files: { 'index.js': 'exports.handler = async () => "served";' } });
const arnOf = (name: string): string => `arn:aws:lambda:us-east-1:000000000000:function:${name}`;
const permission = (name: string, change: Partial<AddPermissionCommandInput> = {}): AddPermissionCommandInput => ({
  ...{ FunctionName: name, StatementId: 's3', Action: 'lambda:InvokeFunction', Principal: 's3.amazonaws.com' },
  ...change,
});

suite('AddPermission', () => {
  test('constraints: a statement id with a space, an action that is none', async () => {
    const { lambda } = scene().aws;
    const name = await make();
    await expectRefusal(lambda.send(new AddPermissionCommand(permission(name, { StatementId: 'a b' }))), { name: 'ValidationException', status: 400, message: /'statementId'/ });
    await expectRefusal(lambda.send(new AddPermissionCommand(permission(name, { Action: 'invoke' }))), { name: 'ValidationException', status: 400, message: /'action'/ });
  });
  test('the statement is added, read, and removed', async () => {
    const { lambda } = scene().aws;
    const name = await make();
    const added = await lambda.send(new AddPermissionCommand(permission(name, { SourceArn: 'arn:aws:s3:::photos', SourceAccount: '000000000000' })));
    assert.equal(added.$metadata.httpStatusCode, 201);
    const statement = JSON.parse(added.Statement ?? '') as object;
    assert.deepEqual(statement, {
      Sid: 's3',
      Effect: 'Allow',
      Principal: { Service: 's3.amazonaws.com' },
      Action: 'lambda:InvokeFunction',
      Resource: arnOf(name),
      Condition: { StringEquals: { 'AWS:SourceAccount': '000000000000' }, ArnLike: { 'AWS:SourceArn': 'arn:aws:s3:::photos' } },
    });
    const { Policy, RevisionId } = await lambda.send(new GetPolicyCommand({ FunctionName: name }));
    assert.deepEqual(JSON.parse(Policy ?? ''), { Version: '2012-10-17', Id: 'default', Statement: [statement] });
    await expectRefusal(lambda.send(new AddPermissionCommand(permission(name))), { name: 'ResourceConflictException', status: 409, message: /^The statement id \(s3\) provided already exists/ });
    const removed = await lambda.send(new RemovePermissionCommand({ FunctionName: name, StatementId: 's3', RevisionId }));
    assert.equal(removed.$metadata.httpStatusCode, 204);
    await expectRefusal(lambda.send(new GetPolicyCommand({ FunctionName: name })), { name: 'ResourceNotFoundException', status: 404, message: 'The resource you requested does not exist.' });
  });
});

suite('Resource policies: authorisation', () => {
  test('another account invokes by ARN once the policy names it', async () => {
    const { server, aws } = scene();
    const name = await make();
    const other = sdkClients(server.endpoint, { accessKeyId: '111122223333', secretAccessKey: 'test' });
    await expectRefusal(invoke(other.lambda, arnOf(name)), { name: 'AccessDeniedException', status: 403, message: /because no resource-based policy allows the lambda:InvokeFunction action/ });
    await aws.lambda.send(new AddPermissionCommand(permission(name, { Principal: '111122223333' })));
    assert.equal((await invoke(other.lambda, arnOf(name))).payload, 'served');
    // A name without an account is one of the caller's own.
    await expectRefusal(invoke(other.lambda, name), { name: 'ResourceNotFoundException', status: 404 });
    other.destroy();
  });
  test('a user without policies invokes what names the user', async () => {
    const { lambda } = scene().aws;
    const name = await make();
    const user = await createLimitedUser(scene(), []);
    await expectRefusal(invoke(user.clients.lambda, name), { name: 'AccessDeniedException', status: 403 });
    await lambda.send(new AddPermissionCommand(permission(name, { Principal: user.arn })));
    assert.equal((await invoke(user.clients.lambda, name)).payload, 'served');
    user.clients.destroy();
  });
});
