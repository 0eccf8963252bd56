import { defineService } from '../../framework/service.ts';
import type { KmsContext } from './operation.ts';
import { createAlias, deleteAlias, listAliases, updateAlias } from './operations/aliases.ts';
import { createKey } from './operations/createKey.ts';
import { generateDataKey, generateDataKeyPair, generateDataKeyPairWithoutPlaintext, generateDataKeyWithoutPlaintext, generateRandom } from './operations/dataKeys.ts';
import { describeKey, listKeys } from './operations/describeKeys.ts';
import { decrypt, encrypt, reEncrypt } from './operations/encrypt.ts';

/** AWS Key Management Service (JSON 1.1, target `TrentService`). */
export const kmsService = defineService<KmsContext>({
  id: 'kms',
  validationErrorCode: 'ValidationException',
  operations: {
    CreateAlias: createAlias,
    CreateKey: createKey,
    Decrypt: decrypt,
    DeleteAlias: deleteAlias,
    DescribeKey: describeKey,
    Encrypt: encrypt,
    GenerateDataKey: generateDataKey,
    GenerateDataKeyPair: generateDataKeyPair,
    GenerateDataKeyPairWithoutPlaintext: generateDataKeyPairWithoutPlaintext,
    GenerateDataKeyWithoutPlaintext: generateDataKeyWithoutPlaintext,
    GenerateRandom: generateRandom,
    ListAliases: listAliases,
    ListKeys: listKeys,
    ReEncrypt: reEncrypt,
    UpdateAlias: updateAlias,
  },
});
