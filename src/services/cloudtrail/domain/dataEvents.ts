// What works on data and manages nothing: CloudTrail User Guide, "Logging data events", which LookupEvents never shows.
const dataEvents: Readonly<Record<string, RegExp>> = {
  lambda: /^Invoke/,
  s3: /^(Abort|Complete|Copy|Create(Multipart|Session)|Delete(Object|Objects)|Get(Object)|Head(Object)|ListParts|ListObject|List(Objects|MultipartUploads)|PutObject|RestoreObject|SelectObject|UploadPart|WriteGetObject)/,
  sqs: /^(SendMessage|ReceiveMessage|DeleteMessage|ChangeMessageVisibility)/,
  sns: /^Publish/,
  dynamodb: /^(Batch|DeleteItem|Execute|GetItem|PutItem|Query|Scan|TransactGet|TransactWrite|UpdateItem)/,
  'streams.dynamodb': /^Get/,
  kinesis: /^(Get(Records|ShardIterator)|Put|SubscribeToShard)/,
  logs: /^(PutLogEvents|FilterLogEvents|GetLogEvents|GetLogRecord|StartLiveTail)$/,
  events: /^PutEvents$/,
  cloudtrail: /^LookupEvents$/,
};

/** True for operations that CloudTrail calls management events. */
export function isManagementEvent(service: string, operation: string): boolean {
  return dataEvents[service]?.test(operation) !== true;
}

// KMS counts the use of keys as reading, STS the making of sessions (their "Logging with CloudTrail" pages).
const readOnly = /^(Get|List|Describe|Head|Lookup|Search|BatchGet|Simulate|Validate|Test|Verify|Encrypt|Decrypt|ReEncrypt|Generate(DataKey|Random|Mac)|AssumeRole|DecodeAuthorization)/;

export function isReadOnly(operation: string): boolean {
  return readOnly.test(operation);
}
