import type { AccessRequest, Call } from '../../../framework/context.ts';
import { parsePipeArn, type PipeName } from '../domain/names.ts';
import { errors } from '../errors.ts';
import { tagsMax } from '../limits.ts';
import { operation, requirePipe } from '../operation.ts';
import { setPipe } from '../store.ts';

const accessTo = (action: string) => ({ resourceArn = '' }: { resourceArn?: string | undefined }): AccessRequest => ({ action: `pipes:${action}`, resource: resourceArn });

function ownPipe({ resourceArn = '' }: { resourceArn?: string | undefined }, { account, region }: Call): PipeName {
  const name = parsePipeArn(resourceArn);
  if (!name) throw errors.validation(`${resourceArn} is not the ARN of a pipe.`);
  if (name.account !== account || name.region !== region) throw errors.missing(name.name);
  return name;
}

const tagResource = operation('TagResource', {
  access: accessTo('TagResource'),
  async handle(input, call, { store }) {
    const name = ownPipe(input, call);
    if (Object.keys(input.tags ?? {}).some((key) => key.toLowerCase().startsWith('aws:'))) throw errors.validation('Tag keys that begin with aws: are reserved.');
    await store.transact(async (tx) => {
      const row = await requirePipe(tx, name);
      const tags = { ...row.tags, ...input.tags };
      if (Object.keys(tags).length > tagsMax) throw errors.validation(`A pipe must not have more than ${tagsMax} tags.`);
      setPipe(tx, { ...row, tags });
    });
    return {};
  },
});

const untagResource = operation('UntagResource', {
  access: accessTo('UntagResource'),
  async handle(input, call, { store }) {
    const name = ownPipe(input, call);
    await store.transact(async (tx) => {
      const row = await requirePipe(tx, name);
      setPipe(tx, { ...row, tags: Object.fromEntries(Object.entries(row.tags).filter(([key]) => !input.tagKeys?.includes(key))) });
    });
    return {};
  },
});

const listTagsForResource = operation('ListTagsForResource', {
  access: accessTo('ListTagsForResource'),
  async handle(input, call, { store }) {
    const { tags } = await store.read((tx) => requirePipe(tx, ownPipe(input, call)));
    return { tags: { ...tags } };
  },
});

export const tagOperations = { ListTagsForResource: listTagsForResource, TagResource: tagResource, UntagResource: untagResource };
