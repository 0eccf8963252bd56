import type { Call } from '../../../framework/context.ts';
import { parseFunctionName } from '../domain/functionName.ts';
import type { FunctionReference } from '../domain/functionName.ts';
import { addTags, removeTags } from '../domain/tags.ts';
import type { Tags } from '../domain/tags.ts';
import { errors } from '../errors.ts';
import { accessTo, referenceOf, requireFunction } from '../lookup.ts';
import { operation } from '../operation.ts';
import type { LambdaContext } from '../operation.ts';
import { setFunction } from '../store.ts';

const accessToTags =
  (action: string) =>
  (input: { readonly Resource?: string | undefined }, call: Call, context: LambdaContext) =>
    accessTo(action)({ FunctionName: input.Resource }, call, context);

const listTags = operation('ListTags', {
  access: accessToTags('lambda:ListTags'),
  async handle(input, call, { store }) {
    const reference = taggedFunction(input.Resource, call);
    const row = await store.read((tx) => requireFunction(tx, reference));
    return { Tags: Object.fromEntries(row.tags) };
  },
});

const tagResource = operation('TagResource', {
  access: accessToTags('lambda:TagResource'),
  handle: (input, call, context) => changeTags(taggedFunction(input.Resource, call), context, (tags) => addTags(tags, input.Tags ?? {})),
});

const untagResource = operation('UntagResource', {
  access: accessToTags('lambda:UntagResource'),
  handle: (input, call, context) => changeTags(taggedFunction(input.Resource, call), context, (tags) => removeTags(tags, input.TagKeys ?? [])),
});

/** ListTags, TagResource and UntagResource, for functions: nothing else here can be tagged yet. */
export const tagOperations = { ListTags: listTags, TagResource: tagResource, UntagResource: untagResource };

function taggedFunction(resource: string | undefined, call: Call): FunctionReference {
  const { qualifier } = parseFunctionName(resource ?? '', undefined, call);
  if (qualifier !== undefined) throw errors.invalidParameter('Tags on function aliases and versions are not supported. Please specify either a function ARN.');
  return referenceOf({ FunctionName: resource }, call);
}

async function changeTags(reference: FunctionReference, { store }: LambdaContext, change: (tags: Tags) => Tags): Promise<Record<string, never>> {
  await store.transact(async (tx) => {
    const row = await requireFunction(tx, reference);
    setFunction(tx, reference, { ...row, tags: change(row.tags) });
  });
  return {};
}
