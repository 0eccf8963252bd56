import { defineService } from '../../framework/service.ts';
import { sendRequestBytesMax } from './limits.ts';
import type { SqsDeps } from './operation.ts';
import { changeMessageVisibility, changeMessageVisibilityBatch } from './operations/changeMessageVisibility.ts';
import { createQueue } from './operations/createQueue.ts';
import { deleteMessage, deleteMessageBatch } from './operations/deleteMessage.ts';
import { deleteQueue } from './operations/deleteQueue.ts';
import { getQueueAttributes } from './operations/getQueueAttributes.ts';
import { getQueueUrl } from './operations/getQueueUrl.ts';
import { listDeadLetterSourceQueues } from './operations/listDeadLetterSourceQueues.ts';
import { listQueues } from './operations/listQueues.ts';
import { cancelMessageMoveTask, listMessageMoveTasks, startMessageMoveTask } from './operations/moveTasks.ts';
import { addPermission, removePermission } from './operations/permissions.ts';
import { purgeQueue } from './operations/purgeQueue.ts';
import { receiveMessage } from './operations/receiveMessage.ts';
import { sendMessage, sendMessageBatch } from './operations/sendMessage.ts';
import { setQueueAttributes } from './operations/setQueueAttributes.ts';
import { listQueueTags, tagQueue, untagQueue } from './operations/tags.ts';

/** Amazon SQS (JSON 1.0, target `AmazonSQS`, and the query protocol of its old clients). */
export const sqsService = defineService<SqsDeps>({
  id: 'sqs',
  validationErrorCode: 'InvalidParameterValueException',
  checksOwnInput: true,
  requestBytesMax: { SendMessage: sendRequestBytesMax, SendMessageBatch: sendRequestBytesMax },
  operations: {
    AddPermission: addPermission,
    CancelMessageMoveTask: cancelMessageMoveTask,
    ChangeMessageVisibility: changeMessageVisibility,
    ChangeMessageVisibilityBatch: changeMessageVisibilityBatch,
    CreateQueue: createQueue,
    DeleteMessage: deleteMessage,
    DeleteMessageBatch: deleteMessageBatch,
    DeleteQueue: deleteQueue,
    GetQueueAttributes: getQueueAttributes,
    GetQueueUrl: getQueueUrl,
    ListDeadLetterSourceQueues: listDeadLetterSourceQueues,
    ListMessageMoveTasks: listMessageMoveTasks,
    ListQueues: listQueues,
    ListQueueTags: listQueueTags,
    PurgeQueue: purgeQueue,
    ReceiveMessage: receiveMessage,
    RemovePermission: removePermission,
    SendMessage: sendMessage,
    SendMessageBatch: sendMessageBatch,
    SetQueueAttributes: setQueueAttributes,
    StartMessageMoveTask: startMessageMoveTask,
    TagQueue: tagQueue,
    UntagQueue: untagQueue,
  },
});
