import { defineService } from '../../framework/service.ts';
import type { SecretsDeps } from './operation.ts';
import { batchGetSecretValue } from './operations/batchGetSecretValue.ts';
import { cancelRotateSecret } from './operations/cancelRotateSecret.ts';
import { createSecret } from './operations/createSecret.ts';
import { deleteSecret } from './operations/deleteSecret.ts';
import { describeSecret } from './operations/describeSecret.ts';
import { getRandomPassword } from './operations/getRandomPassword.ts';
import { getSecretValue } from './operations/getSecretValue.ts';
import { listSecretVersionIds } from './operations/listSecretVersionIds.ts';
import { listSecrets } from './operations/listSecrets.ts';
import { putSecretValue } from './operations/putSecretValue.ts';
import { removeRegionsFromReplication, replicateSecretToRegions, stopReplicationToReplica } from './operations/replication.ts';
import { deleteResourcePolicy, getResourcePolicy, putResourcePolicy, validateResourcePolicy } from './operations/resourcePolicy.ts';
import { restoreSecret } from './operations/restoreSecret.ts';
import { rotateSecret } from './operations/rotateSecret.ts';
import { tagResource, untagResource } from './operations/tags.ts';
import { updateSecret } from './operations/updateSecret.ts';
import { updateSecretVersionStage } from './operations/updateSecretVersionStage.ts';

/** AWS Secrets Manager (JSON 1.1, target `secretsmanager`). */
export const secretsManager = defineService<SecretsDeps>({
  id: 'secretsmanager',
  validationErrorCode: 'ValidationException',
  operations: {
    BatchGetSecretValue: batchGetSecretValue,
    CancelRotateSecret: cancelRotateSecret,
    CreateSecret: createSecret,
    DeleteResourcePolicy: deleteResourcePolicy,
    DeleteSecret: deleteSecret,
    DescribeSecret: describeSecret,
    GetRandomPassword: getRandomPassword,
    GetResourcePolicy: getResourcePolicy,
    GetSecretValue: getSecretValue,
    ListSecretVersionIds: listSecretVersionIds,
    ListSecrets: listSecrets,
    PutResourcePolicy: putResourcePolicy,
    PutSecretValue: putSecretValue,
    RemoveRegionsFromReplication: removeRegionsFromReplication,
    ReplicateSecretToRegions: replicateSecretToRegions,
    RestoreSecret: restoreSecret,
    RotateSecret: rotateSecret,
    StopReplicationToReplica: stopReplicationToReplica,
    TagResource: tagResource,
    UntagResource: untagResource,
    UpdateSecret: updateSecret,
    UpdateSecretVersionStage: updateSecretVersionStage,
    ValidateResourcePolicy: validateResourcePolicy,
  },
});
