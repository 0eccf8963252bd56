import type { AuditedCall } from '../../../ports/auditTrail.ts';
import type { Caller } from '../../../ports/identity.ts';
import { isReadOnly } from './dataEvents.ts';

/** What is kept of a call: what lookups ask for, and the record as CloudTrail writes it. */
export interface EventRow {
  readonly eventName: string;
  readonly eventSource: string;
  readonly readOnly: boolean;
  readonly userName: string;
  readonly accessKeyId: string;
  readonly resources: readonly { readonly type: string; readonly name: string }[];
  /** JSON text. */
  readonly record: string;
}

// Both may hold what a caller sent.
const textCharsMax = 2_048;

/** Puts a call into the form of CloudTrail User Guide, "CloudTrail record contents". */
export function describeEvent(call: AuditedCall, eventId: string): EventRow {
  const { caller, operation, error } = call;
  const eventName = eventNameOf(call);
  const eventSource = `${call.endpointPrefix}.amazonaws.com`;
  const record = {
    eventVersion: '1.11',
    userIdentity: federatedIdentityOf(call) ?? userIdentityOf(caller, call.accessKeyId),
    eventTime: new Date(call.atMs).toISOString().replace(/\.\d+Z$/, 'Z'),
    eventSource,
    eventName,
    awsRegion: call.region,
    sourceIPAddress: call.sourceIp,
    userAgent: call.userAgent.slice(0, textCharsMax),
    ...(error && { errorCode: error.code, errorMessage: error.message.slice(0, textCharsMax) }),
    requestParameters: Object.keys(call.input).length === 0 ? null : lowerCased(call.input),
    responseElements: wantsAnswer(call.service, call.operation) && Object.keys(call.output).length > 0 ? lowerCased(call.output) : null,
    requestID: call.requestId,
    eventID: eventId,
    readOnly: isReadOnly(operation),
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: call.account,
    eventCategory: 'Management',
  };
  return {
    eventName,
    eventSource,
    readOnly: record.readOnly,
    userName: userNameOf(caller),
    accessKeyId: call.accessKeyId ?? '',
    resources: resourcesOf(call.input),
    record: JSON.stringify(record),
  };
}

// CloudTrail User Guide, "CloudTrail record contents", responseElements: for what makes changes, and for the sessions that STS makes.
export function wantsAnswer(service: string, operation: string): boolean {
  return !isReadOnly(operation) || (service === 'sts' && operation.startsWith('AssumeRole'));
}

// Second versions of three operations of Lambda keep the date of the first ("Logging Lambda API calls with CloudTrail").
const secondVersions = new Set(['AddPermission', 'RemovePermission', 'GetPolicy', 'UpdateFunctionCode', 'UpdateFunctionConfiguration', 'GetFunctionConfiguration']);

// The date in the path of a dated interface is part of the event's name: CreateFunction20150331.
function eventNameOf({ service, operation, uri }: AuditedCall): string {
  const date = service === 'lambda' ? /^\/(\d{4})-(\d{2})-(\d{2})\//.exec(uri) : null;
  return date ? `${operation}${date.slice(1).join('')}${secondVersions.has(operation) ? 'v2' : ''}` : operation;
}

function userIdentityOf(caller: Caller, accessKeyId: string | undefined): object {
  const key = accessKeyId === undefined ? {} : { accessKeyId };
  if (caller.kind === 'anonymous') return { type: 'AWSAccount', principalId: 'ANONYMOUS_PRINCIPAL', accountId: 'anonymous' };
  const identity = { principalId: caller.userId, arn: caller.arn, accountId: caller.account, ...key };
  switch (caller.kind) {
    case 'root':
      return { type: 'Root', ...identity };
    case 'user':
      return { type: 'IAMUser', ...identity, userName: caller.userName };
    case 'role-session': {
      const [principalId] = caller.userId.split(':');
      return { type: 'AssumedRole', ...identity, sessionContext: { sessionIssuer: { type: 'Role', principalId, arn: caller.roleArn, accountId: caller.account, userName: caller.roleName } } };
    }
    default:
      return { type: 'FederatedUser', ...identity };
  }
}

// CloudTrail User Guide, "CloudTrail userIdentity element": whom a provider vouched for, once it did.
function federatedIdentityOf({ caller, service, operation, output }: AuditedCall): object | undefined {
  if (caller.kind !== 'anonymous' || service !== 'sts') return undefined;
  const text = (name: string): string => (typeof output[name] === 'string' ? output[name] : '');
  if (operation === 'AssumeRoleWithSAML' && text('Subject') !== '') {
    return { type: 'SAMLUser', principalId: `${text('NameQualifier')}:${text('Subject')}`, userName: text('Subject'), identityProvider: text('NameQualifier') };
  }
  if (operation !== 'AssumeRoleWithWebIdentity' || text('SubjectFromWebIdentityToken') === '') return undefined;
  const [provider, audience, subject] = [text('Provider'), text('Audience'), text('SubjectFromWebIdentityToken')];
  return { type: 'WebIdentityUser', principalId: `${provider}:${audience}:${subject}`, userName: subject, identityProvider: provider };
}

/** Whose event it is: an unsigned call for a role's session belongs to the account of the role. */
export function ownerOf({ account, caller, service, input }: Pick<AuditedCall, 'account' | 'caller' | 'service' | 'input'>): string {
  const role = caller.kind === 'anonymous' && service === 'sts' ? input['RoleArn'] : undefined;
  return (typeof role === 'string' ? /^arn:aws:iam::(\d{12}):/.exec(role)?.[1] : undefined) ?? account;
}

function userNameOf(caller: Caller): string {
  if (caller.kind === 'user') return caller.userName;
  if (caller.kind === 'role-session') return caller.sessionName;
  return caller.kind === 'root' ? 'root' : '';
}

function lowerCased(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(lowerCased);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name.slice(0, 1).toLowerCase() + name.slice(1), lowerCased(member)]));
}

const resourceTypes: Readonly<Record<string, string>> = {
  RoleName: 'AWS::IAM::Role',
  UserName: 'AWS::IAM::User',
  GroupName: 'AWS::IAM::Group',
  PolicyArn: 'AWS::IAM::Policy',
  InstanceProfileName: 'AWS::IAM::InstanceProfile',
  RoleArn: 'AWS::IAM::Role',
  FunctionName: 'AWS::Lambda::Function',
  Bucket: 'AWS::S3::Bucket',
  KeyId: 'AWS::KMS::Key',
  AliasName: 'AWS::KMS::Alias',
  SecretId: 'AWS::SecretsManager::Secret',
  QueueName: 'AWS::SQS::Queue',
  QueueUrl: 'AWS::SQS::Queue',
  logGroupName: 'AWS::Logs::LogGroup',
  TopicArn: 'AWS::SNS::Topic',
  TableName: 'AWS::DynamoDB::Table',
};

function resourcesOf(input: AuditedCall['input']): EventRow['resources'] {
  return Object.entries(input).flatMap(([member, name]) => {
    const type = Object.hasOwn(resourceTypes, member) ? resourceTypes[member] : undefined;
    return type !== undefined && typeof name === 'string' ? [{ type, name }] : [];
  });
}
