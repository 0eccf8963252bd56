// Sessions for whoever a SAML identity provider vouches for.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithSAML.html

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  CreateRoleCommand,
  CreateSAMLProviderCommand,
  DeleteSAMLProviderCommand,
  GetRoleCommand,
  GetSAMLProviderCommand,
  ListSAMLProvidersCommand,
  ListSAMLProviderTagsCommand,
  ListUsersCommand,
  PutRolePolicyCommand,
  TagSAMLProviderCommand,
  UntagSAMLProviderCommand,
  UpdateSAMLProviderCommand,
} from '@aws-sdk/client-iam';
import { CloudTrailClient, LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import { AssumeRoleWithSAMLCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { createCertificate } from '../../support/certificates.ts';
import { uniqueName } from '../../support/functions.ts';
import { createSamlIdp, signInUrl } from '../../support/samlIdp.ts';
import { sdkClients, sdkConfig } from '../../support/sdkClients.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';

const scene = useServer();
const idp = createSamlIdp(() => Date.now());

suite('SAML providers and AssumeRoleWithSAML', () => {
  test('an assertion of a trusted provider gives a session that may do what the role may', async () => {
    const { aws, server } = scene();
    const Name = uniqueName('idp');
    const { SAMLProviderArn: arn = '' } = await aws.iam.send(new CreateSAMLProviderCommand({ Name, SAMLMetadataDocument: idp.metadata() }));
    assert.equal(arn, `arn:aws:iam::000000000000:saml-provider/${Name}`);
    const RoleName = uniqueName('saml');
    const statement = { Effect: 'Allow', Principal: { Federated: arn }, Action: ['sts:AssumeRoleWithSAML', 'sts:TagSession'], Condition: { StringEquals: { 'saml:aud': signInUrl } } };
    const { Role } = await aws.iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [statement] }) }));
    const own = { Effect: 'Allow', Action: 'iam:GetRole', Resource: '*', Condition: { StringEquals: { 'saml:sub': 'alice@example.com', 'aws:PrincipalTag/team': 'blue' } } };
    await aws.iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'p', PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [own] }) }));

    const sts = new STSClient({ endpoint: server.endpoint, region: 'us-east-1', maxAttempts: 1, credentials: { accessKeyId: 'unused', secretAccessKey: 'unused' } });
    const attributes = { Role: [`${Role?.Arn},${arn}`], RoleSessionName: ['alice'], 'PrincipalTag:team': ['blue'] };
    const input = { RoleArn: Role?.Arn, PrincipalArn: arn, SAMLAssertion: idp.response({ attributes }) };
    const { Credentials, AssumedRoleUser, Subject, Audience, SubjectType } = await sts.send(new AssumeRoleWithSAMLCommand(input));
    assert.deepEqual([AssumedRoleUser?.Arn, Subject, Audience, SubjectType], [`arn:aws:sts::000000000000:assumed-role/${RoleName}/alice`, 'alice@example.com', signInUrl, 'persistent']);
    const session = sdkClients(server.endpoint, { accessKeyId: Credentials?.AccessKeyId ?? '', secretAccessKey: Credentials?.SecretAccessKey ?? '', sessionToken: Credentials?.SessionToken ?? '' });
    assert.equal((await session.sts.send(new GetCallerIdentityCommand({}))).Arn, AssumedRoleUser?.Arn);
    await session.iam.send(new GetRoleCommand({ RoleName }));
    await expectRefusal(session.iam.send(new ListUsersCommand({})), { name: 'AccessDenied', status: 403 });

    const trail = new CloudTrailClient(sdkConfig(server.endpoint));
    const { Events = [] } = await trail.send(new LookupEventsCommand({ LookupAttributes: [{ AttributeKey: 'ResourceName', AttributeValue: input.RoleArn }] }));
    const record = JSON.parse(Events[0]?.CloudTrailEvent ?? '{}') as { userIdentity?: Record<string, string>; responseElements?: { credentials: Record<string, string> } };
    assert.deepEqual([record.userIdentity?.['type'], record.userIdentity?.['userName']], ['SAMLUser', 'alice@example.com']);
    assert.deepEqual([record.responseElements?.credentials['accessKeyId'], record.responseElements?.credentials['sessionToken']], [Credentials?.AccessKeyId, 'HIDDEN_DUE_TO_SECURITY_REASONS']);
    assert.ok(!Events[0]?.CloudTrailEvent?.includes(input.SAMLAssertion.slice(0, 100)));
    trail.destroy();

    const refused = async (SAMLAssertion: string, expected: { name: RegExp | string; status: number; message: string | RegExp }) => await expectRefusal(sts.send(new AssumeRoleWithSAMLCommand({ ...input, SAMLAssertion })), expected);
    await refused(idp.response({ attributes, certificate: createCertificate() }), { name: /^InvalidIdentityToken/, status: 400, message: 'Response signature invalid' });
    await refused(idp.response({ attributes, issuedAtMs: Date.now() - 600_000 }), { name: /^ExpiredToken/, status: 400, message: 'Token must be redeemed within 5 minutes of issuance' });
    await refused(idp.response({ attributes, status: 'Responder' }), { name: /^IDPRejectedClaim/, status: 403, message: /authentication failed/ });
    await refused(idp.response({ attributes: { ...attributes, Role: ['arn:aws:iam::000000000000:role/other,x'] } }), { name: 'AccessDenied', status: 403, message: 'Not authorized to perform sts:AssumeRoleWithSAML' });
    for (const clients of [sts, session]) clients.destroy();
  });

  test('a provider is described, changed, tagged and deleted', async () => {
    const { aws } = scene();
    const Name = uniqueName('idp');
    const { SAMLProviderArn } = await aws.iam.send(new CreateSAMLProviderCommand({ Name, SAMLMetadataDocument: idp.metadata() }));
    const SAMLMetadataDocument = idp.metadata(createCertificate());
    await aws.iam.send(new UpdateSAMLProviderCommand({ SAMLProviderArn, SAMLMetadataDocument }));
    assert.equal((await aws.iam.send(new GetSAMLProviderCommand({ SAMLProviderArn }))).SAMLMetadataDocument, SAMLMetadataDocument);
    await aws.iam.send(new TagSAMLProviderCommand({ SAMLProviderArn, Tags: [{ Key: 'a', Value: '1' }, { Key: 'b', Value: '2' }] }));
    await aws.iam.send(new UntagSAMLProviderCommand({ SAMLProviderArn, TagKeys: ['a'] }));
    assert.deepEqual((await aws.iam.send(new ListSAMLProviderTagsCommand({ SAMLProviderArn }))).Tags, [{ Key: 'b', Value: '2' }]);
    assert.ok((await aws.iam.send(new ListSAMLProvidersCommand({}))).SAMLProviderList?.some(({ Arn }) => Arn === SAMLProviderArn));
    await aws.iam.send(new DeleteSAMLProviderCommand({ SAMLProviderArn }));
    await expectRefusal(aws.iam.send(new GetSAMLProviderCommand({ SAMLProviderArn })), { name: 'NoSuchEntityException', status: 404 });
    await expectRefusal(aws.iam.send(new CreateSAMLProviderCommand({ Name, SAMLMetadataDocument: 'x'.repeat(1_000) })), { name: 'InvalidInputException', status: 400, message: 'Could not parse metadata' });
    await expectRefusal(aws.iam.send(new CreateSAMLProviderCommand({ Name, SAMLMetadataDocument: 'x' })), { name: 'ValidationError', status: 400 });
  });
});
