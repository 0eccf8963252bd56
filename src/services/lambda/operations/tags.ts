import type { AccessRequest, Call } from '../../../framework/context.ts';
import type { ReadTransaction, Transaction } from '../../../kv/store.ts';
import { parseFunctionName } from '../domain/functionName.ts';
import type { FunctionReference } from '../domain/functionName.ts';
import { addTags, removeTags } from '../domain/tags.ts';
import type { Tags } from '../domain/tags.ts';
import { errors } from '../errors.ts';
import { accessTo, referenceOf, requireFunction } from '../lookup.ts';
import { parseMappingArn } from '../mappings/describeMapping.ts';
import { mappingErrors } from '../mappings/mappingErrors.ts';
import { findMapping, setMapping } from '../mappings/mappingStore.ts';
import { operation } from '../operation.ts';
import type { LambdaContext } from '../operation.ts';
import { setFunction } from '../store.ts';

const accessToTags =
  (action: string) =>
  (input: { readonly Resource?: string | undefined }, call: Call, context: LambdaContext): AccessRequest | Promise<AccessRequest> =>
    parseMappingArn(input.Resource ?? '') === undefined ? accessTo(action)({ FunctionName: input.Resource }, call, context) : { action, resource: input.Resource ?? '' };

const listTags = operation('ListTags', {
  access: accessToTags('lambda:ListTags'),
  async handle(input, call, { store }) {
    const tags = await store.read(async (tx) => (await requireTagged(tx, input.Resource ?? '', call)).tags);
    return { Tags: Object.fromEntries(tags) };
  },
});

const tagResource = operation('TagResource', {
  access: accessToTags('lambda:TagResource'),
  handle: (input, call, context) => changeTags(input.Resource ?? '', call, context, (tags) => addTags(tags, input.Tags ?? {})),
});

const untagResource = operation('UntagResource', {
  access: accessToTags('lambda:UntagResource'),
  handle: (input, call, context) => changeTags(input.Resource ?? '', call, context, (tags) => removeTags(tags, input.TagKeys ?? [])),
});

/** ListTags, TagResource and UntagResource, for functions and event source mappings. */
export const tagOperations = { ListTags: listTags, TagResource: tagResource, UntagResource: untagResource };

interface Tagged {
  readonly tags: Tags;
  set(tx: Transaction, tags: Tags): void;
}

/** What an ARN names. Throws when it is nothing that can have tags, or not there. */
async function requireTagged(tx: ReadTransaction, resource: string, call: Call): Promise<Tagged> {
  const named = parseMappingArn(resource);
  if (named !== undefined) {
    const isOwn = named.account === call.account && named.region === call.region;
    const row = isOwn ? await findMapping(tx, named) : undefined;
    if (row === undefined) throw mappingErrors.notFound();
    return { tags: row.tags, set: (writing, tags) => setMapping(writing, { ...row, tags }, row) };
  }
  const reference = taggedFunction(resource, call);
  const row = await requireFunction(tx, reference);
  return { tags: row.tags, set: (writing, tags) => setFunction(writing, reference, { ...row, tags }) };
}

function taggedFunction(resource: string, call: Call): FunctionReference {
  const { qualifier } = parseFunctionName(resource, undefined, call);
  if (qualifier !== undefined) throw errors.invalidParameter('Tags on function aliases and versions are not supported. Please specify either a function ARN.');
  return referenceOf({ FunctionName: resource }, call);
}

async function changeTags(resource: string, call: Call, { store }: LambdaContext, change: (tags: Tags) => Tags): Promise<Record<string, never>> {
  await store.transact(async (tx) => {
    const tagged = await requireTagged(tx, resource, call);
    tagged.set(tx, change(tagged.tags));
  });
  return {};
}
