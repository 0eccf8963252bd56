import { defineService } from '../../framework/service.ts';
import type { KmsContext } from './operation.ts';
import { createAlias, deleteAlias, listAliases, updateAlias } from './operations/aliases.ts';
import { createKey } from './operations/createKey.ts';
import { connectCustomKeyStore, createCustomKeyStore, deleteCustomKeyStore, describeCustomKeyStores, disconnectCustomKeyStore, updateCustomKeyStore } from './operations/customKeyStores.ts';
import { generateDataKey, generateDataKeyPair, generateDataKeyPairWithoutPlaintext, generateDataKeyWithoutPlaintext, generateRandom } from './operations/dataKeys.ts';
import { describeKey, listKeys } from './operations/describeKeys.ts';
import { decrypt, encrypt, reEncrypt } from './operations/encrypt.ts';
import { createGrant, listGrants, listRetirableGrants, retireGrant, revokeGrant } from './operations/grants.ts';
import { deleteImportedKeyMaterial, getParametersForImport, importKeyMaterial } from './operations/importing.ts';
import { getKeyPolicy, listKeyPolicies, putKeyPolicy } from './operations/keyPolicies.ts';
import { cancelKeyDeletion, disableKey, enableKey, scheduleKeyDeletion, updateKeyDescription } from './operations/keyStates.ts';
import { lastUsage, tracked } from './operations/lastUsage.ts';
import { generateMac, verifyMac } from './operations/macs.ts';
import { replicateKey, updatePrimaryRegion } from './operations/replicas.ts';
import { disableKeyRotation, enableKeyRotation, getKeyRotationStatus, listKeyRotations, rotateKeyOnDemand } from './operations/rotation.ts';
import { deriveSharedSecret, getPublicKey, sign, verify } from './operations/signatures.ts';
import { listResourceTags, tagResource, untagResource } from './operations/tags.ts';

/** AWS Key Management Service (JSON 1.1, target `TrentService`). */
export const kmsService = defineService<KmsContext>({
  id: 'kms',
  validationErrorCode: 'ValidationException',
  operations: {
    ...lastUsage,
    CancelKeyDeletion: cancelKeyDeletion,
    ConnectCustomKeyStore: connectCustomKeyStore,
    CreateAlias: createAlias,
    CreateCustomKeyStore: createCustomKeyStore,
    CreateGrant: createGrant,
    CreateKey: createKey,
    Decrypt: tracked('Decrypt', decrypt),
    DeleteAlias: deleteAlias,
    DeleteCustomKeyStore: deleteCustomKeyStore,
    DeleteImportedKeyMaterial: deleteImportedKeyMaterial,
    DeriveSharedSecret: tracked('DeriveSharedSecret', deriveSharedSecret),
    DescribeCustomKeyStores: describeCustomKeyStores,
    DescribeKey: describeKey,
    DisableKey: disableKey,
    DisableKeyRotation: disableKeyRotation,
    DisconnectCustomKeyStore: disconnectCustomKeyStore,
    EnableKey: enableKey,
    EnableKeyRotation: enableKeyRotation,
    Encrypt: tracked('Encrypt', encrypt),
    GenerateDataKey: tracked('GenerateDataKey', generateDataKey),
    GenerateDataKeyPair: tracked('GenerateDataKeyPair', generateDataKeyPair),
    GenerateDataKeyPairWithoutPlaintext: tracked('GenerateDataKeyPairWithoutPlaintext', generateDataKeyPairWithoutPlaintext),
    GenerateDataKeyWithoutPlaintext: tracked('GenerateDataKeyWithoutPlaintext', generateDataKeyWithoutPlaintext),
    GenerateMac: tracked('GenerateMac', generateMac),
    GenerateRandom: generateRandom,
    GetKeyPolicy: getKeyPolicy,
    GetKeyRotationStatus: getKeyRotationStatus,
    GetParametersForImport: getParametersForImport,
    GetPublicKey: getPublicKey,
    ImportKeyMaterial: importKeyMaterial,
    ListAliases: listAliases,
    ListGrants: listGrants,
    ListKeyPolicies: listKeyPolicies,
    ListKeyRotations: listKeyRotations,
    ListKeys: listKeys,
    ListResourceTags: listResourceTags,
    ListRetirableGrants: listRetirableGrants,
    PutKeyPolicy: putKeyPolicy,
    ReEncrypt: tracked('ReEncrypt', reEncrypt),
    ReplicateKey: replicateKey,
    RetireGrant: retireGrant,
    RevokeGrant: revokeGrant,
    RotateKeyOnDemand: rotateKeyOnDemand,
    ScheduleKeyDeletion: scheduleKeyDeletion,
    Sign: tracked('Sign', sign),
    TagResource: tagResource,
    UntagResource: untagResource,
    UpdateAlias: updateAlias,
    UpdateCustomKeyStore: updateCustomKeyStore,
    UpdateKeyDescription: updateKeyDescription,
    UpdatePrimaryRegion: updatePrimaryRegion,
    Verify: tracked('Verify', verify),
    VerifyMac: tracked('VerifyMac', verifyMac),
  },
});
