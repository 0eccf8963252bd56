// Text messages, and the mobile push that is not here, through the JavaScript SDK.
// https://docs.aws.amazon.com/sns/latest/dg/sns-mobile-phone-number-as-subscriber.html

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  CheckIfPhoneNumberIsOptedOutCommand,
  CreatePlatformApplicationCommand,
  CreatePlatformEndpointCommand,
  CreateSMSSandboxPhoneNumberCommand,
  DeleteEndpointCommand,
  DeletePlatformApplicationCommand,
  DeleteSMSSandboxPhoneNumberCommand,
  GetEndpointAttributesCommand,
  GetPlatformApplicationAttributesCommand,
  GetSMSAttributesCommand,
  GetSMSSandboxAccountStatusCommand,
  ListEndpointsByPlatformApplicationCommand,
  ListOriginationNumbersCommand,
  ListPhoneNumbersOptedOutCommand,
  ListPlatformApplicationsCommand,
  ListSMSSandboxPhoneNumbersCommand,
  OptInPhoneNumberCommand,
  PublishCommand,
  SetEndpointAttributesCommand,
  SetPlatformApplicationAttributesCommand,
  SetSMSAttributesCommand,
  VerifySMSSandboxPhoneNumberCommand,
} from '@aws-sdk/client-sns';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';

const scene = useServer();
const PhoneNumber = '+12025550199';
const invalid = (message: string | RegExp) => ({ name: 'InvalidParameterException', status: 400, message });

async function mails(): Promise<{ body: string; from: string }[]> {
  const response = await fetch(`${scene().server.endpoint}/_haneul/mailbox?kind=sms&to=${encodeURIComponent(PhoneNumber)}`);
  return ((await response.json()) as { mails: { body: string; from: string }[] }).mails;
}

suite('text messages', () => {
  test('go into the mailbox under the name that was set', async () => {
    const { sns } = scene().aws;
    await sns.send(new SetSMSAttributesCommand({ attributes: { DefaultSenderID: 'Shop' } }));
    assert.deepEqual((await sns.send(new GetSMSAttributesCommand({}))).attributes, { DefaultSenderID: 'Shop' });
    await expectRefusal(sns.send(new SetSMSAttributesCommand({ attributes: { UsageReportS3Bucket: 'b' } })), invalid(/UsageReportS3Bucket says nothing here/));
    await sns.send(new PublishCommand({ PhoneNumber, Message: 'hello' }));
    assert.deepEqual((await mails()).map(({ from, body }) => [from, body]), [['Shop', 'hello']]);
    assert.equal((await sns.send(new CheckIfPhoneNumberIsOptedOutCommand({ phoneNumber: PhoneNumber }))).isOptedOut, false);
    await sns.send(new OptInPhoneNumberCommand({ phoneNumber: PhoneNumber }));
    assert.deepEqual((await sns.send(new ListPhoneNumbersOptedOutCommand({}))).phoneNumbers ?? [], []);
    assert.deepEqual((await sns.send(new ListOriginationNumbersCommand({}))).PhoneNumbers ?? [], []);
    assert.equal((await sns.send(new GetSMSSandboxAccountStatusCommand({}))).IsInSandbox, false);
    await expectRefusal(sns.send(new CheckIfPhoneNumberIsOptedOutCommand({ phoneNumber: 'x' })), invalid('Invalid parameter: PhoneNumber Reason: input incorrectly formatted'));
  });

  test('verify the numbers of a sandbox', async () => {
    const { sns } = scene().aws;
    await sns.send(new CreateSMSSandboxPhoneNumberCommand({ PhoneNumber }));
    const OneTimePassword = /\d{6}$/.exec((await mails())[0]?.body ?? '')?.[0];
    await expectRefusal(sns.send(new VerifySMSSandboxPhoneNumberCommand({ PhoneNumber, OneTimePassword: '00000' })), { name: 'VerificationException', status: 400 });
    await sns.send(new VerifySMSSandboxPhoneNumberCommand({ PhoneNumber, OneTimePassword }));
    assert.deepEqual((await sns.send(new ListSMSSandboxPhoneNumbersCommand({}))).PhoneNumbers, [{ PhoneNumber, Status: 'Verified' }]);
    await sns.send(new DeleteSMSSandboxPhoneNumberCommand({ PhoneNumber }));
    await expectRefusal(sns.send(new DeleteSMSSandboxPhoneNumberCommand({ PhoneNumber })), { name: 'ResourceNotFoundException', status: 404 });
  });
});

suite('mobile push', () => {
  test('is refused by name', async () => {
    const { sns } = scene().aws;
    const PlatformApplicationArn = 'arn:aws:sns:us-east-1:000000000000:app/GCM/a';
    const EndpointArn = 'arn:aws:sns:us-east-1:000000000000:endpoint/GCM/a/b';
    await expectRefusal(sns.send(new CreatePlatformApplicationCommand({ Name: 'a', Platform: 'GCM', Attributes: {} })), invalid(/^Invalid parameter: Platform Reason: Haneul has no mobile push/));
    assert.deepEqual((await sns.send(new ListPlatformApplicationsCommand({}))).PlatformApplications ?? [], []);
    const noApplication = { name: 'NotFoundException', status: 404, message: 'PlatformApplication does not exist' };
    const noEndpoint = { name: 'NotFoundException', status: 404, message: 'Endpoint does not exist' };
    await expectRefusal(sns.send(new CreatePlatformEndpointCommand({ PlatformApplicationArn, Token: 't' })), noApplication);
    await expectRefusal(sns.send(new GetPlatformApplicationAttributesCommand({ PlatformApplicationArn })), noApplication);
    await expectRefusal(sns.send(new SetPlatformApplicationAttributesCommand({ PlatformApplicationArn, Attributes: {} })), noApplication);
    await expectRefusal(sns.send(new ListEndpointsByPlatformApplicationCommand({ PlatformApplicationArn })), noApplication);
    await expectRefusal(sns.send(new GetEndpointAttributesCommand({ EndpointArn })), noEndpoint);
    await expectRefusal(sns.send(new SetEndpointAttributesCommand({ EndpointArn, Attributes: {} })), noEndpoint);
    await sns.send(new DeleteEndpointCommand({ EndpointArn }));
    await sns.send(new DeletePlatformApplicationCommand({ PlatformApplicationArn }));
  });
});
