// A resource policy as one document: what AddPermission and RemovePermission change statement by statement.
// https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
import { uuid } from '../../../base/ids.ts';
import type { Call } from '../../../framework/context.ts';
import { resourcePolicyProblem } from '../../../framework/resourcePolicy.ts';
import type { FunctionReference } from '../domain/functionName.ts';
import { errors } from '../errors.ts';
import { policyBytesMax } from '../limits.ts';
import { accessTo } from '../lookup.ts';
import { operation } from '../operation.ts';
import type { LambdaContext } from '../operation.ts';
import { clearPolicy, findPolicy, setPolicy } from '../store.ts';
import { policyReferenceOf, requirePolicyRevision, requireTarget, revisionOf, touch } from './permissions.ts';

interface Named {
  readonly ResourceArn?: string | undefined;
}

const accessByArn =
  (action: string) =>
  ({ ResourceArn }: Named, call: Call, context: LambdaContext) => accessTo(action, { qualified: true })({ FunctionName: ResourceArn }, call, context);

const referenceOf = ({ ResourceArn }: Named, call: Call): FunctionReference => policyReferenceOf({ FunctionName: ResourceArn }, call);

const getResourcePolicy = operation('GetResourcePolicy', {
  access: accessByArn('lambda:GetResourcePolicy'),
  handle(input, call, { store }) {
    const reference = referenceOf(input, call);
    return store.read(async (tx) => {
      const target = await requireTarget(tx, reference);
      const policy = await findPolicy(tx, reference, reference.name, reference.qualifier);
      if (policy === undefined) throw errors.noPolicy();
      return { Policy: policy.document, RevisionId: revisionOf(target) };
    });
  },
});

const putResourcePolicy = operation('PutResourcePolicy', {
  access: accessByArn('lambda:PutResourcePolicy'),
  async handle(input, call, { store, random }) {
    const reference = referenceOf(input, call);
    const document = requireDocument(input.Policy ?? '');
    const revisionId = uuid(random);
    await store.transact(async (tx) => {
      const target = await requireTarget(tx, reference);
      requirePolicyRevision(target, input.RevisionId);
      setPolicy(tx, reference, reference.name, reference.qualifier, { document });
      touch(tx, reference, target, revisionId);
    });
    return { Policy: document, RevisionId: revisionId };
  },
});

const deleteResourcePolicy = operation('DeleteResourcePolicy', {
  access: accessByArn('lambda:DeleteResourcePolicy'),
  async handle(input, call, { store, random }) {
    const reference = referenceOf(input, call);
    await store.transact(async (tx) => {
      const target = await requireTarget(tx, reference);
      requirePolicyRevision(target, input.RevisionId);
      if ((await findPolicy(tx, reference, reference.name, reference.qualifier)) === undefined) throw errors.noPolicyToChange();
      clearPolicy(tx, reference, reference.name, reference.qualifier);
      touch(tx, reference, target, uuid(random));
    });
    return {};
  },
});

/** The document as it is stored: with a list of statements, each with an id of its own, as AddPermission needs them. */
function requireDocument(text: string): string {
  const problem = resourcePolicyProblem(text);
  if (problem !== undefined) throw errors.invalidParameter(`The policy is not valid: ${problem}`);
  const document = JSON.parse(text) as { readonly Statement: object | readonly { readonly Sid?: string }[] };
  const statements = Array.isArray(document.Statement) ? document.Statement : [document.Statement];
  const Statement = (statements as readonly { readonly Sid?: string }[]).map((statement, index) => ({ Sid: `Statement${index + 1}`, ...statement }));
  const normal = JSON.stringify({ ...document, Statement });
  const bytes = Buffer.byteLength(normal);
  if (bytes > policyBytesMax) throw errors.policyTooLarge(bytes, policyBytesMax);
  return normal;
}

/** GetResourcePolicy, PutResourcePolicy and DeleteResourcePolicy. */
export const resourcePolicyOperations = { GetResourcePolicy: getResourcePolicy, PutResourcePolicy: putResourcePolicy, DeleteResourcePolicy: deleteResourcePolicy };
