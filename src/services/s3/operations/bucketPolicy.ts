import { resourcePolicyProblem } from '../../../framework/resourcePolicy.ts';
import { bucketAccess, bucketArn } from '../access.ts';
import { isPublicPolicy, type PublicAccessBlock } from '../domain/publicAccess.ts';
import { absent, errors } from '../errors.ts';
import { policyBytesMax } from '../limits.ts';
import { operation } from '../operation.ts';
import { requireSetting, writeSetting } from '../settings.ts';
import { findSetting } from '../store.ts';

const kind = 'policy';

const getBucketPolicy = operation('GetBucketPolicy', {
  access: (input, call, deps) => bucketAccess('GetBucketPolicy', input, call, deps),
  async handle(input, _call, deps) {
    return { Policy: (await requireSetting<{ readonly text: string }>(deps, input, kind, absent.policy)).text };
  },
});

const getBucketPolicyStatus = operation('GetBucketPolicyStatus', {
  access: (input, call, deps) => bucketAccess('GetBucketPolicyStatus', input, call, deps),
  async handle(input, _call, deps) {
    const { text } = await requireSetting<{ readonly text: string }>(deps, input, kind, absent.policy);
    return { PolicyStatus: { IsPublic: isPublicPolicy(text) } };
  },
});

const putBucketPolicy = operation('PutBucketPolicy', {
  access: (input, call, deps) => bucketAccess('PutBucketPolicy', input, call, deps),
  async handle(input, call, deps) {
    const { Bucket = '', Policy: text = '' } = input;
    if (Buffer.byteLength(text) > policyBytesMax) throw errors.invalidArgument(`Policy exceeds the maximum allowed document size of ${policyBytesMax} bytes.`, 'Policy');
    requirePolicy(text, Bucket);
    await writeSetting(deps, input, kind, { text }, async (bucket, tx) => {
      const block = await findSetting<PublicAccessBlock>(tx, bucket, 'publicAccessBlock');
      if (!block?.blockPublicPolicy || !isPublicPolicy(text)) return;
      const who = call.caller.kind === 'anonymous' ? 'anonymous' : call.caller.arn;
      throw errors.accessDeniedBecause(
        `User: ${who} is not authorized to perform: s3:PutBucketPolicy on resource: "${bucketArn(Bucket)}" because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.`,
      );
    });
    return {};
  },
});

const deleteBucketPolicy = operation('DeleteBucketPolicy', {
  access: (input, call, deps) => bucketAccess('DeleteBucketPolicy', input, call, deps),
  async handle(input, _call, deps) {
    await writeSetting(deps, input, kind, undefined);
    return {};
  },
});

export const bucketPolicyOperations = {
  DeleteBucketPolicy: deleteBucketPolicy,
  GetBucketPolicy: getBucketPolicy,
  GetBucketPolicyStatus: getBucketPolicyStatus,
  PutBucketPolicy: putBucketPolicy,
};

interface PolicyStatement {
  readonly Resource?: unknown;
  readonly NotResource?: unknown;
  readonly Action?: unknown;
  readonly NotAction?: unknown;
}

// The words are those of S3's own refusals, in the order in which it looks.
function requirePolicy(text: string, bucket: string): void {
  if (!text.trim().startsWith('{')) throw errors.malformedPolicy('Policies must be valid JSON and the first byte must be \'{\'');
  const problem = resourcePolicyProblem(text);
  let parsed: { readonly Statement?: PolicyStatement | readonly PolicyStatement[] };
  try {
    parsed = JSON.parse(text) as typeof parsed;
  } catch {
    throw errors.malformedPolicy('This policy contains invalid Json');
  }
  if (problem !== undefined) throw errors.malformedPolicy(/principal/i.test(problem) ? 'Invalid principal in policy' : problem);
  const arn = bucketArn(bucket);
  for (const statement of [parsed.Statement ?? []].flat() as readonly PolicyStatement[]) {
    const resources = [statement.Resource ?? statement.NotResource ?? []].flat().map(String);
    if (resources.length === 0) throw errors.malformedPolicy('Missing required field Resource');
    if (resources.some((one) => one !== arn && !one.startsWith(`${arn}/`) && one !== `${arn}*`)) throw errors.malformedPolicy('Policy has invalid resource');
    const actions = [statement.Action ?? statement.NotAction ?? []].flat().map(String);
    if (actions.some((one) => one !== '*' && !/^s3(-object-lambda)?:/i.test(one))) throw errors.malformedPolicy('Policy has invalid action');
  }
}
