// Key states, policies, grants, rotation, import, replicas and tags.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_Operations.html

import assert from 'node:assert/strict';
import { constants, createPublicKey, publicEncrypt, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import * as Kms from '@aws-sdk/client-kms';
import { createLimitedUser } from '../../support/limitedUser.ts';
import { sdkClients, type SdkClients } from '../../support/sdkClients.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';

const scene = useServer();
const Plaintext = Buffer.from('x');

async function createKey(input: Kms.CreateKeyCommandInput = {}): Promise<{ KeyId: string; arn: string }> {
  const { KeyMetadata } = await scene().aws.kms.send(new Kms.CreateKeyCommand(input));
  return { KeyId: KeyMetadata?.KeyId ?? '', arn: KeyMetadata?.Arn ?? '' };
}

test('DisableKey, EnableKey, UpdateKeyDescription, ScheduleKeyDeletion and CancelKeyDeletion', async () => {
  const { kms } = scene().aws;
  const { KeyId, arn } = await createKey({ Description: 'before' });
  await kms.send(new Kms.DisableKeyCommand({ KeyId }));
  await expectRefusal(kms.send(new Kms.EncryptCommand({ KeyId, Plaintext })), { name: 'DisabledException', status: 400, message: `${arn} is disabled.` });
  await kms.send(new Kms.EnableKeyCommand({ KeyId }));
  await kms.send(new Kms.UpdateKeyDescriptionCommand({ KeyId, Description: 'after' }));
  assert.equal((await kms.send(new Kms.ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }))).KeyState, 'PendingDeletion');
  await expectRefusal(kms.send(new Kms.EnableKeyCommand({ KeyId })), { name: 'KMSInvalidStateException', message: `${arn} is pending deletion.` });
  await kms.send(new Kms.CancelKeyDeletionCommand({ KeyId }));
  const { KeyMetadata } = await kms.send(new Kms.DescribeKeyCommand({ KeyId }));
  assert.deepEqual([KeyMetadata?.KeyState, KeyMetadata?.Description], ['Disabled', 'after']);
});

test('a key that is scheduled for deletion goes when the clock has come to its date', async () => {
  const { server, aws } = scene();
  const { KeyId } = await createKey();
  await aws.kms.send(new Kms.ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
  await server.clock.advance(7 * 86_400_000);
  await expectRefusal(aws.kms.send(new Kms.DescribeKeyCommand({ KeyId })), { name: 'NotFoundException' });
});

test('PutKeyPolicy, GetKeyPolicy and ListKeyPolicies: the key decides, even about users who may do everything', async () => {
  const { kms } = scene().aws;
  const { KeyId, arn } = await createKey();
  const user = await createLimitedUser(scene(), [{ Effect: 'Allow', Action: 'kms:*', Resource: '*' }]);
  await user.clients.kms.send(new Kms.EncryptCommand({ KeyId, Plaintext }));
  const { Policy = '' } = await kms.send(new Kms.GetKeyPolicyCommand({ KeyId }));
  assert.equal(JSON.parse(Policy).Id, 'key-default-1');
  assert.deepEqual((await kms.send(new Kms.ListKeyPoliciesCommand({ KeyId }))).PolicyNames, ['default']);
  const denied = { Effect: 'Deny', Principal: { AWS: user.arn }, Action: 'kms:Encrypt', Resource: '*' };
  const document = JSON.parse(Policy) as { Statement: object[] };
  await kms.send(new Kms.PutKeyPolicyCommand({ KeyId, Policy: JSON.stringify({ ...document, Statement: [...document.Statement, denied] }) }));
  await expectRefusal(user.clients.kms.send(new Kms.EncryptCommand({ KeyId, Plaintext })), {
    name: 'AccessDeniedException',
    message: `User: ${user.arn} is not authorized to perform: kms:Encrypt on resource: ${arn} with an explicit deny in a resource-based policy`,
  });
  user.clients.destroy();
});

test('CreateGrant, ListGrants, ListRetirableGrants, RetireGrant and RevokeGrant', async () => {
  const { kms } = scene().aws;
  const { KeyId, arn } = await createKey();
  const user = await createLimitedUser(scene(), []);
  const grant = { KeyId, GranteePrincipal: user.arn, RetiringPrincipal: user.arn, Operations: ['Encrypt', 'Decrypt'] as Kms.GrantOperation[] };
  await expectRefusal(user.clients.kms.send(new Kms.EncryptCommand({ KeyId, Plaintext })), { name: 'AccessDeniedException' });
  const { GrantToken } = await kms.send(new Kms.CreateGrantCommand(grant));
  const { CiphertextBlob } = await user.clients.kms.send(new Kms.EncryptCommand({ KeyId, Plaintext }));
  assert.equal((await user.clients.kms.send(new Kms.DecryptCommand({ CiphertextBlob }))).KeyId, arn);
  assert.equal((await kms.send(new Kms.ListRetirableGrantsCommand({ RetiringPrincipal: user.arn }))).Grants?.length, 1);
  await user.clients.kms.send(new Kms.RetireGrantCommand({ GrantToken }));
  const { GrantId } = await kms.send(new Kms.CreateGrantCommand(grant));
  assert.deepEqual((await kms.send(new Kms.ListGrantsCommand({ KeyId }))).Grants?.map((each) => each.GrantId), [GrantId]);
  await kms.send(new Kms.RevokeGrantCommand({ KeyId, GrantId }));
  await expectRefusal(user.clients.kms.send(new Kms.DecryptCommand({ CiphertextBlob })), { name: 'AccessDeniedException' });
  user.clients.destroy();
});

test('EnableKeyRotation, GetKeyRotationStatus, RotateKeyOnDemand, ListKeyRotations and DisableKeyRotation', async () => {
  const { kms } = scene().aws;
  const { KeyId } = await createKey();
  const { CiphertextBlob } = await kms.send(new Kms.EncryptCommand({ KeyId, Plaintext }));
  await kms.send(new Kms.EnableKeyRotationCommand({ KeyId, RotationPeriodInDays: 100 }));
  const status = await kms.send(new Kms.GetKeyRotationStatusCommand({ KeyId }));
  assert.deepEqual([status.KeyRotationEnabled, status.RotationPeriodInDays], [true, 100]);
  await kms.send(new Kms.RotateKeyOnDemandCommand({ KeyId }));
  assert.deepEqual((await kms.send(new Kms.ListKeyRotationsCommand({ KeyId }))).Rotations?.map(({ RotationType }) => RotationType), ['ON_DEMAND']);
  assert.deepEqual(Buffer.from((await kms.send(new Kms.DecryptCommand({ CiphertextBlob }))).Plaintext ?? []), Plaintext);
  await kms.send(new Kms.DisableKeyRotationCommand({ KeyId }));
  assert.equal((await kms.send(new Kms.GetKeyRotationStatusCommand({ KeyId }))).KeyRotationEnabled, false);
});

test('GetParametersForImport, ImportKeyMaterial and DeleteImportedKeyMaterial', async () => {
  const { kms } = scene().aws;
  const { KeyId, arn } = await createKey({ Origin: 'EXTERNAL' });
  const { PublicKey, ImportToken } = await kms.send(new Kms.GetParametersForImportCommand({ KeyId, WrappingAlgorithm: 'RSAES_OAEP_SHA_256', WrappingKeySpec: 'RSA_4096' }));
  const key = createPublicKey({ key: Buffer.from(PublicKey ?? []), format: 'der', type: 'spki' });
  const EncryptedKeyMaterial = publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }, randomBytes(32));
  await kms.send(new Kms.ImportKeyMaterialCommand({ KeyId, ImportToken, EncryptedKeyMaterial, ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' }));
  await kms.send(new Kms.EncryptCommand({ KeyId, Plaintext }));
  await kms.send(new Kms.DeleteImportedKeyMaterialCommand({ KeyId }));
  await expectRefusal(kms.send(new Kms.EncryptCommand({ KeyId, Plaintext })), { name: 'KMSInvalidStateException', message: `${arn} is pending import.` });
});

test('ReplicateKey and UpdatePrimaryRegion', async () => {
  const { aws, server } = scene();
  const there: SdkClients = sdkClients(server.endpoint, undefined, 'eu-west-1');
  const { KeyId } = await createKey({ MultiRegion: true });
  const { CiphertextBlob } = await aws.kms.send(new Kms.EncryptCommand({ KeyId, Plaintext }));
  await aws.kms.send(new Kms.ReplicateKeyCommand({ KeyId, ReplicaRegion: 'eu-west-1', Tags: [{ TagKey: 'a', TagValue: 'b' }] }));
  assert.deepEqual(Buffer.from((await there.kms.send(new Kms.DecryptCommand({ CiphertextBlob }))).Plaintext ?? []), Plaintext);
  await aws.kms.send(new Kms.UpdatePrimaryRegionCommand({ KeyId, PrimaryRegion: 'eu-west-1' }));
  const { KeyMetadata } = await there.kms.send(new Kms.DescribeKeyCommand({ KeyId }));
  assert.equal(KeyMetadata?.MultiRegionConfiguration?.MultiRegionKeyType, 'PRIMARY');
  there.destroy();
});

test('TagResource, ListResourceTags and UntagResource', async () => {
  const { kms } = scene().aws;
  const { KeyId } = await createKey({ Tags: [{ TagKey: 'a', TagValue: '1' }] });
  await kms.send(new Kms.TagResourceCommand({ KeyId, Tags: [{ TagKey: 'b', TagValue: '2' }] }));
  await kms.send(new Kms.UntagResourceCommand({ KeyId, TagKeys: ['a'] }));
  assert.deepEqual((await kms.send(new Kms.ListResourceTagsCommand({ KeyId }))).Tags, [{ TagKey: 'b', TagValue: '2' }]);
});

test('custom key stores: CreateCustomKeyStore reaches none, DescribeCustomKeyStores lists none, the rest find none', async () => {
  const { kms } = scene().aws;
  const CustomKeyStoreId = 'cks-1234567890abcdef0';
  await expectRefusal(kms.send(new Kms.CreateCustomKeyStoreCommand({ CustomKeyStoreName: 'x', CloudHsmClusterId: 'cluster-2a23b4cdefg' })), { name: /^CloudHsmClusterNotFound/ });
  assert.deepEqual((await kms.send(new Kms.DescribeCustomKeyStoresCommand({}))).CustomKeyStores, []);
  for (const command of [new Kms.ConnectCustomKeyStoreCommand({ CustomKeyStoreId }), new Kms.DisconnectCustomKeyStoreCommand({ CustomKeyStoreId }), new Kms.DeleteCustomKeyStoreCommand({ CustomKeyStoreId }), new Kms.UpdateCustomKeyStoreCommand({ CustomKeyStoreId })]) {
    await expectRefusal(kms.send(command as Kms.ConnectCustomKeyStoreCommand), { name: /^CustomKeyStoreNotFound/ });
  }
});

// https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyLastUsage.html
test('GetKeyLastUsage tells the last success of a key, by requests and by services', async () => {
  const { kms } = scene().aws;
  const { KeyId, arn } = await createKey();
  const before = await kms.send(new Kms.GetKeyLastUsageCommand({ KeyId }));
  assert.deepEqual([before.KeyId, before.KeyLastUsage, before.TrackingStartDate?.getTime()], [arn, {}, before.KeyCreationDate?.getTime()]);
  const { CiphertextBlob = new Uint8Array(), $metadata } = await kms.send(new Kms.EncryptCommand({ KeyId, Plaintext }));
  const { KeyLastUsage } = await kms.send(new Kms.GetKeyLastUsageCommand({ KeyId: arn }));
  assert.deepEqual([KeyLastUsage?.Operation, KeyLastUsage?.KmsRequestId], ['Encrypt', $metadata.requestId]);
  // A failure is no use.
  await assert.rejects(kms.send(new Kms.DecryptCommand({ CiphertextBlob, EncryptionContext: { other: 'context' } })));
  assert.equal((await kms.send(new Kms.GetKeyLastUsageCommand({ KeyId }))).KeyLastUsage?.Operation, 'Encrypt');
  const other = await createKey();
  await kms.send(new Kms.ReEncryptCommand({ CiphertextBlob, DestinationKeyId: other.KeyId }));
  for (const each of [KeyId, other.KeyId]) assert.equal((await kms.send(new Kms.GetKeyLastUsageCommand({ KeyId: each }))).KeyLastUsage?.Operation, 'ReEncrypt');
  await kms.send(new Kms.CreateAliasCommand({ AliasName: 'alias/last-usage', TargetKeyId: KeyId }));
  await expectRefusal(kms.send(new Kms.GetKeyLastUsageCommand({ KeyId: 'alias/last-usage' })), { name: 'NotFoundException' });
});

test('Encapsulate and Decapsulate are refused, as keys for them are', async () => {
  const { kms } = scene().aws;
  const { KeyId } = await createKey();
  const refusal = { name: 'UnsupportedOperationException', status: 400 };
  await expectRefusal(kms.send(new Kms.EncapsulateCommand({ KeyId, EncapsulationAlgorithm: 'ML_KEM' })), refusal);
  await expectRefusal(kms.send(new Kms.DecapsulateCommand({ KeyId, EncapsulationAlgorithm: 'ML_KEM', SharedSecretCiphertextBlob: Plaintext })), refusal);
});

// https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-modifying-external-accounts.html
test('Encrypt from another account needs the policy of the key and one of its own; nobody else learns whether a key is there', async () => {
  const { aws, server } = scene();
  const { KeyId, arn } = await createKey();
  await aws.kms.send(new Kms.CreateAliasCommand({ AliasName: 'alias/shared', TargetKeyId: KeyId }));
  const there = { accessKeyId: '111122223333', secretAccessKey: 'x' };
  const stranger = sdkClients(server.endpoint, there);
  const refused = async (key: string): Promise<string> => {
    const error = await stranger.kms.send(new Kms.EncryptCommand({ KeyId: key, Plaintext })).then(() => assert.fail('it was allowed'), (thrown: unknown) => thrown as Error);
    assert.equal(error.name, 'AccessDeniedException');
    return error.message.replace(/[0-9a-f-]{36}|alias\/[a-z-]+/, 'KEY');
  };
  const absent = arn.replace(KeyId, '00000000-1111-4222-8333-444444444444');
  assert.equal(await refused(arn), await refused(absent));
  const alias = (name: string): string => arn.replace(/key\/.*$/, `alias/${name}`);
  await refused(alias('shared'));
  await refused(alias('nothing'));
  const { Policy = '' } = await aws.kms.send(new Kms.GetKeyPolicyCommand({ KeyId }));
  const document = JSON.parse(Policy) as { Statement: object[] };
  const shared = { Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::111122223333:root' }, Action: ['kms:Encrypt', 'kms:DescribeKey'], Resource: '*' };
  await aws.kms.send(new Kms.PutKeyPolicyCommand({ KeyId, Policy: JSON.stringify({ ...document, Statement: [...document.Statement, shared] }) }));
  assert.equal((await stranger.kms.send(new Kms.EncryptCommand({ KeyId: arn, Plaintext }))).KeyId, arn);
  assert.equal((await stranger.kms.send(new Kms.DescribeKeyCommand({ KeyId: alias('shared') }))).KeyMetadata?.Arn, arn);
  const user = await createLimitedUser({ ...scene(), aws: stranger }, []);
  await expectRefusal(user.clients.kms.send(new Kms.EncryptCommand({ KeyId: arn, Plaintext })), { name: 'AccessDeniedException', message: /because no identity-based policy allows the kms:Encrypt action/ });
  for (const { destroy } of [stranger, user.clients]) destroy();
});
