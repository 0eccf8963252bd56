import type { FrontAnswer, FrontRequest } from '../../framework/front.ts';
import { defineService } from '../../framework/service.ts';
import type { SnsDeps } from './deps.ts';
import { publishRequestBytesMax } from './limits.ts';
import * as mobilePush from './operations/mobilePush.ts';
import { addPermission, removePermission } from './operations/permissions.ts';
import { publish, publishBatch } from './operations/publish.ts';
import * as sms from './operations/sms.ts';
import * as subscriptions from './operations/subscriptions.ts';
import { listTagsForResource, tagResource, untagResource } from './operations/tags.ts';
import * as topics from './operations/topics.ts';

/** Amazon SNS (query protocol). */
export const snsService = defineService<SnsDeps>({
  id: 'sns',
  validationErrorCode: 'InvalidParameter',
  checksOwnInput: true,
  // Links in messages are not signed, and topics may be open to everybody.
  servesAnonymous: true,
  requestBytesMax: { Publish: publishRequestBytesMax, PublishBatch: publishRequestBytesMax },
  front: serveCertificate,
  operations: {
    AddPermission: addPermission,
    CheckIfPhoneNumberIsOptedOut: sms.checkIfPhoneNumberIsOptedOut,
    ConfirmSubscription: subscriptions.confirmSubscription,
    CreatePlatformApplication: mobilePush.createPlatformApplication,
    CreatePlatformEndpoint: mobilePush.createPlatformEndpoint,
    CreateSMSSandboxPhoneNumber: sms.createSmsSandboxPhoneNumber,
    CreateTopic: topics.createTopic,
    DeleteEndpoint: mobilePush.deleteEndpoint,
    DeletePlatformApplication: mobilePush.deletePlatformApplication,
    DeleteSMSSandboxPhoneNumber: sms.deleteSmsSandboxPhoneNumber,
    DeleteTopic: topics.deleteTopic,
    GetDataProtectionPolicy: topics.getDataProtectionPolicy,
    GetEndpointAttributes: mobilePush.getEndpointAttributes,
    GetPlatformApplicationAttributes: mobilePush.getPlatformApplicationAttributes,
    GetSMSAttributes: sms.getSmsAttributes,
    GetSMSSandboxAccountStatus: sms.getSmsSandboxAccountStatus,
    GetSubscriptionAttributes: subscriptions.getSubscriptionAttributes,
    GetTopicAttributes: topics.getTopicAttributes,
    ListEndpointsByPlatformApplication: mobilePush.listEndpointsByPlatformApplication,
    ListOriginationNumbers: sms.listOriginationNumbers,
    ListPhoneNumbersOptedOut: sms.listPhoneNumbersOptedOut,
    ListPlatformApplications: mobilePush.listPlatformApplications,
    ListSMSSandboxPhoneNumbers: sms.listSmsSandboxPhoneNumbers,
    ListSubscriptions: subscriptions.listSubscriptions,
    ListSubscriptionsByTopic: subscriptions.listSubscriptionsByTopic,
    ListTagsForResource: listTagsForResource,
    ListTopics: topics.listTopics,
    OptInPhoneNumber: sms.optInPhoneNumber,
    Publish: publish,
    PublishBatch: publishBatch,
    PutDataProtectionPolicy: topics.putDataProtectionPolicy,
    RemovePermission: removePermission,
    SetEndpointAttributes: mobilePush.setEndpointAttributes,
    SetPlatformApplicationAttributes: mobilePush.setPlatformApplicationAttributes,
    SetSMSAttributes: sms.setSmsAttributes,
    SetSubscriptionAttributes: subscriptions.setSubscriptionAttributes,
    SetTopicAttributes: topics.setTopicAttributes,
    Subscribe: subscriptions.subscribe,
    TagResource: tagResource,
    Unsubscribe: subscriptions.unsubscribe,
    UntagResource: untagResource,
    VerifySMSSandboxPhoneNumber: sms.verifySmsSandboxPhoneNumber,
  },
});

/** Where SigningCertURL leads to. */
async function serveCertificate({ head }: FrontRequest, { signer }: SnsDeps): Promise<FrontAnswer | undefined> {
  if (head.method !== 'GET' || !/^\/SimpleNotificationService-[0-9a-f]+\.pem$/.test(head.path)) return undefined;
  const { name, pem } = await signer.certificate();
  if (head.path !== `/${name}`) return { status: 404, headers: { 'content-type': 'text/plain' }, body: 'There is no such certificate.\n' };
  return { status: 200, headers: { 'content-type': 'application/x-x509-ca-cert' }, body: pem };
}
