// Parameter Store through the client of the SDK.
// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html and its neighbours

import assert from 'node:assert/strict';
import { after, suite, test } from 'node:test';
import {
  AddTagsToResourceCommand,
  DeleteParameterCommand,
  DeleteParametersCommand,
  DeleteResourcePolicyCommand,
  DescribeParametersCommand,
  GetParameterCommand,
  GetParameterHistoryCommand,
  GetParametersByPathCommand,
  GetParametersCommand,
  GetResourcePoliciesCommand,
  LabelParameterVersionCommand,
  ListTagsForResourceCommand,
  paginateGetParametersByPath,
  PutParameterCommand,
  PutResourcePolicyCommand,
  RemoveTagsFromResourceCommand,
  SendCommandCommand,
  SSMClient,
  UnlabelParameterVersionCommand,
} from '@aws-sdk/client-ssm';
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { CreateQueueCommand, DeleteMessageCommand, ReceiveMessageCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createLimitedUser } from '../../support/limitedUser.ts';
import { sdkConfig } from '../../support/sdkClients.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';

let ssm: SSMClient;
const scene = useServer({}, async ({ server }) => {
  ssm = new SSMClient(sdkConfig(server.endpoint));
});
after(() => ssm.destroy());

suite('parse and constraints', () => {
  test('GetParameters refuses more than ten names in the words of the model', async () => {
    await expectRefusal(ssm.send(new GetParametersCommand({ Names: Array.from({ length: 11 }, (_, index) => `p${index}`) })), {
      name: 'ValidationException',
      status: 400,
      message: /at 'names' failed to satisfy constraint: Member must have length less than or equal to 10/,
    });
  });

  test('an operation of another part of Systems Manager is refused as not implemented', async () => {
    await expectRefusal(ssm.send(new SendCommandCommand({ DocumentName: 'AWS-RunShellScript' })), { name: 'NotImplemented', status: 501 });
  });
});

suite('authorisation', () => {
  test('GetParameter lets a user read what their policy names, and says what is missing for the rest', async () => {
    const { server } = scene();
    await ssm.send(new PutParameterCommand({ Name: '/auth/open', Value: '1', Type: 'String' }));
    await ssm.send(new PutParameterCommand({ Name: '/auth/closed', Value: '1', Type: 'String' }));
    const user = await createLimitedUser(scene(), [{ Effect: 'Allow', Action: 'ssm:GetParameter', Resource: 'arn:aws:ssm:us-east-1:*:parameter/auth/open' }]);
    const limited = new SSMClient(sdkConfig(server.endpoint, await user.clients.iam.config.credentials()));
    try {
      assert.equal((await limited.send(new GetParameterCommand({ Name: '/auth/open' }))).Parameter?.Value, '1');
      await expectRefusal(limited.send(new GetParameterCommand({ Name: '/auth/closed' })), {
        name: 'AccessDeniedException',
        status: 400,
        message: /is not authorized to perform: ssm:GetParameter on resource: arn:aws:ssm:us-east-1:000000000000:parameter\/auth\/closed because no identity-based policy allows the ssm:GetParameter action/,
      });
    } finally {
      limited.destroy();
    }
  });
});

suite('behaviour', () => {
  test('PutParameter, GetParameter and GetParameters keep text, lists and secrets', async () => {
    assert.deepEqual((await ssm.send(new PutParameterCommand({ Name: '/app/url', Value: 'http://x', Type: 'String' }))).Version, 1);
    await ssm.send(new PutParameterCommand({ Name: '/app/hosts', Value: 'a,b', Type: 'StringList' }));
    await ssm.send(new PutParameterCommand({ Name: '/app/password', Value: 'hunter2', Type: 'SecureString' }));
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name: '/app/url' }));
    assert.equal(Parameter?.ARN, 'arn:aws:ssm:us-east-1:000000000000:parameter/app/url');
    assert.ok(Parameter?.LastModifiedDate instanceof Date);
    const many = await ssm.send(new GetParametersCommand({ Names: ['/app/hosts', '/app/password', '/app/none'], WithDecryption: true }));
    assert.deepEqual([many.Parameters?.map(({ Value }) => Value), many.InvalidParameters], [['a,b', 'hunter2'], ['/app/none']]);
    const sealed = await ssm.send(new GetParameterCommand({ Name: '/app/password' }));
    assert.doesNotMatch(sealed.Parameter?.Value ?? '', /hunter2/);
    await expectRefusal(ssm.send(new PutParameterCommand({ Name: '/app/url', Value: 'y', Type: 'String' })), { name: 'ParameterAlreadyExists', status: 400 });
    await expectRefusal(ssm.send(new GetParameterCommand({ Name: '/app/none' })), { name: 'ParameterNotFound', status: 400 });
  });

  test('GetParametersByPath pages through a hierarchy', async () => {
    for (let index = 0; index < 12; index++) await ssm.send(new PutParameterCommand({ Name: `/tree/${index % 2 ? 'x/' : ''}${index}`, Value: String(index), Type: 'String' }));
    const seen: string[] = [];
    for await (const page of paginateGetParametersByPath({ client: ssm }, { Path: '/tree', Recursive: true })) seen.push(...(page.Parameters ?? []).map(({ Value = '' }) => Value));
    assert.equal(seen.length, 12);
    const level = await ssm.send(new GetParametersByPathCommand({ Path: '/tree/x' }));
    assert.equal(level.Parameters?.length, 6);
  });

  test('LabelParameterVersion, UnlabelParameterVersion and GetParameterHistory keep versions apart', async () => {
    for (const Value of ['1', '2']) await ssm.send(new PutParameterCommand({ Name: 'versioned', Value, Type: 'String', Overwrite: true }));
    await ssm.send(new LabelParameterVersionCommand({ Name: 'versioned', ParameterVersion: 1, Labels: ['prod'] }));
    const labelled = await ssm.send(new GetParameterCommand({ Name: 'versioned:prod' }));
    assert.deepEqual([labelled.Parameter?.Value, labelled.Parameter?.Selector], ['1', ':prod']);
    const { Parameters } = await ssm.send(new GetParameterHistoryCommand({ Name: 'versioned' }));
    assert.deepEqual(Parameters?.map(({ Version, Labels }) => [Version, Labels]), [
      [1, ['prod']],
      [2, []],
    ]);
    const { RemovedLabels } = await ssm.send(new UnlabelParameterVersionCommand({ Name: 'versioned', ParameterVersion: 1, Labels: ['prod'] }));
    assert.deepEqual(RemovedLabels, ['prod']);
  });

  test('DescribeParameters, tags and deletion', async () => {
    await ssm.send(new PutParameterCommand({ Name: 'tagged', Value: '1', Type: 'String', Description: 'd', Tags: [{ Key: 'team', Value: 'a' }] }));
    const about = { ResourceType: 'Parameter', ResourceId: 'tagged' } as const;
    await ssm.send(new AddTagsToResourceCommand({ ...about, Tags: [{ Key: 'env', Value: 'test' }] }));
    const described = await ssm.send(new DescribeParametersCommand({ ParameterFilters: [{ Key: 'tag:env', Values: ['test'] }] }));
    assert.deepEqual(described.Parameters?.map(({ Name, Description, Tier }) => [Name, Description, Tier]), [['tagged', 'd', 'Standard']]);
    await ssm.send(new RemoveTagsFromResourceCommand({ ...about, TagKeys: ['env'] }));
    assert.deepEqual((await ssm.send(new ListTagsForResourceCommand(about))).TagList, [{ Key: 'team', Value: 'a' }]);
    await ssm.send(new DeleteParameterCommand({ Name: 'tagged' }));
    const { InvalidParameters } = await ssm.send(new DeleteParametersCommand({ Names: ['tagged'] }));
    assert.deepEqual(InvalidParameters, ['tagged']);
  });

  test('PutResourcePolicy, GetResourcePolicies and DeleteResourcePolicy share an advanced parameter', async () => {
    await ssm.send(new PutParameterCommand({ Name: 'shared', Value: '1', Type: 'String', Tier: 'Advanced' }));
    const ResourceArn = 'arn:aws:ssm:us-east-1:000000000000:parameter/shared';
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { AWS: '111111111111' }, Action: 'ssm:GetParameter', Resource: ResourceArn }] });
    const { PolicyId, PolicyHash } = await ssm.send(new PutResourcePolicyCommand({ ResourceArn, Policy }));
    // A key of twelve digits is the root user of that account.
    const other = new SSMClient(sdkConfig(scene().server.endpoint, { accessKeyId: '111111111111', secretAccessKey: 'test' }));
    try {
      assert.equal((await other.send(new GetParameterCommand({ Name: ResourceArn }))).Parameter?.Value, '1');
      await ssm.send(new DeleteResourcePolicyCommand({ ResourceArn, PolicyId, PolicyHash }));
      assert.deepEqual((await ssm.send(new GetResourcePoliciesCommand({ ResourceArn }))).Policies, []);
      await expectRefusal(other.send(new GetParameterCommand({ Name: ResourceArn })), { name: 'AccessDeniedException' });
    } finally {
      other.destroy();
    }
  });

  test('GetParameter reads a secret under /aws/reference/secretsmanager/', async () => {
    const secrets = new SecretsManagerClient(sdkConfig(scene().server.endpoint));
    try {
      await secrets.send(new CreateSecretCommand({ Name: 'ref/db', SecretString: '{"u":1}' }));
      const { Parameter } = await ssm.send(new GetParameterCommand({ Name: '/aws/reference/secretsmanager/ref/db', WithDecryption: true }));
      assert.deepEqual([Parameter?.Type, Parameter?.Value], ['SecureString', '{"u":1}']);
    } finally {
      secrets.destroy();
    }
  });

  test('a parameter expires by the clock of the product', async () => {
    const { server } = scene();
    const Timestamp = new Date(server.clock.now() + 3_600_000).toISOString();
    const Policies = JSON.stringify([{ Type: 'Expiration', Version: '1.0', Attributes: { Timestamp } }]);
    const put = await ssm.send(new PutParameterCommand({ Name: 'passing', Value: '1', Type: 'String', Tier: 'Intelligent-Tiering', Policies }));
    assert.equal(put.Tier, 'Advanced');
    await server.clock.advance(3_600_000);
    for (;;) {
      const { InvalidParameters = [] } = await ssm.send(new GetParametersCommand({ Names: ['passing'] }));
      if (InvalidParameters.length > 0) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });

  // https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-cwe.html
  test('changes of parameters and the policies that notify reach a queue through a rule of EventBridge', async () => {
    const { server, aws: { sqs } } = scene();
    const events = new EventBridgeClient(sdkConfig(server.endpoint));
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'told-of-parameters' }));
    const Arn = 'arn:aws:sqs:us-east-1:000000000000:told-of-parameters';
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { Service: 'events.amazonaws.com' }, Action: 'sqs:SendMessage', Resource: Arn }] });
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
    await events.send(new PutRuleCommand({ Name: 'parameters', EventPattern: JSON.stringify({ source: ['aws.ssm'] }) }));
    await events.send(new PutTargetsCommand({ Rule: 'parameters', Targets: [{ Id: 'queue', Arn }] }));
    async function told(): Promise<Record<string, unknown>> {
      for (;;) {
        const { Messages: [message] = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }));
        if (message === undefined) continue;
        await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle }));
        const { 'detail-type': detailType, detail } = JSON.parse(message.Body ?? '') as { 'detail-type': string; detail: Record<string, unknown> };
        return { detailType, ...detail };
      }
    }
    const Policies = '[{"Type":"NoChangeNotification","Version":"1.0","Attributes":{"After":"1","Unit":"Days"}}]';
    await ssm.send(new PutParameterCommand({ Name: 'told', Value: '1', Type: 'String', Tier: 'Advanced', Policies }));
    assert.deepEqual(await told(), { detailType: 'Parameter Store Change', operation: 'Create', name: 'told', type: 'String' });
    await server.clock.advance(86_400_000);
    const { 'policy-type': type, 'parameter-name': name, 'action-status': status } = await told();
    assert.deepEqual([type, name, status], ['NoChangeNotification', 'told', 'Success']);
    await ssm.send(new DeleteParameterCommand({ Name: 'told' }));
    assert.deepEqual(await told(), { detailType: 'Parameter Store Change', operation: 'Delete', name: 'told', type: 'String' });
    events.destroy();
  });
});
