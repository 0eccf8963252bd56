import type { AccessRequest, Call } from '../../../framework/context.ts';
import type { Transaction } from '../../../kv/store.ts';
import { parseBusArn, parseRuleArn } from '../domain/names.ts';
import { errors } from '../errors.ts';
import { tagsMax } from '../limits.ts';
import { busAccess, type EventsDeps, nowOf, operation, readTags, requireBus, requireRule, ruleAccess } from '../operation.ts';
import { buses, rules, type Tags } from '../store.ts';

function accessTo(action: string, arn: string | undefined, call: Call, deps: EventsDeps): Promise<AccessRequest> | AccessRequest {
  const rule = parseRuleArn(arn ?? '');
  if (rule) return ruleAccess(action, rule.rule, `arn:aws:events:${rule.region}:${rule.account}:event-bus/${rule.bus}`, call, deps);
  return parseBusArn(arn ?? '') ? busAccess(action, arn, call, deps) : { action: `events:${action}`, resource: arn ?? '' };
}

const tagResource = operation('TagResource', {
  access: (input, call, deps) => accessTo('TagResource', input.ResourceARN, call, deps),
  async handle({ ResourceARN = '', Tags: given }, _call, deps) {
    const added = readTags(given);
    await changeTags(ResourceARN, deps, (tags) => {
      const all = { ...tags, ...added };
      if (Object.keys(all).length > tagsMax) throw errors.limit();
      return all;
    });
    return {};
  },
});

const untagResource = operation('UntagResource', {
  access: (input, call, deps) => accessTo('UntagResource', input.ResourceARN, call, deps),
  async handle({ ResourceARN = '', TagKeys = [] }, _call, deps) {
    await changeTags(ResourceARN, deps, (tags) => Object.fromEntries(Object.entries(tags).filter(([key]) => !TagKeys.includes(key))));
    return {};
  },
});

const listTagsForResource = operation('ListTagsForResource', {
  access: (input, call, deps) => accessTo('ListTagsForResource', input.ResourceARN, call, deps),
  async handle({ ResourceARN = '' }, _call, { store }) {
    const rule = parseRuleArn(ResourceARN);
    const bus = parseBusArn(ResourceARN);
    const tags = await store.read(async (tx): Promise<Tags> => {
      if (rule) return (await requireRule(tx, rule, rule.rule)).tags;
      if (bus) return (await requireBus(tx, bus)).tags;
      throw unknownResource(ResourceARN);
    });
    return { Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) };
  },
});

export const tagOperations = { ListTagsForResource: listTagsForResource, TagResource: tagResource, UntagResource: untagResource };

async function changeTags(arn: string, deps: EventsDeps, change: (tags: Tags) => Tags): Promise<void> {
  const rule = parseRuleArn(arn);
  const bus = parseBusArn(arn);
  await deps.store.transact(async (tx: Transaction) => {
    if (rule) {
      const row = await requireRule(tx, rule, rule.rule);
      if (row.managedBy !== undefined) throw errors.managedRule(rule.rule);
      rules.set(tx, rule, [rule.bus, rule.rule], { ...row, tags: change(row.tags) });
    } else if (bus) {
      const row = await requireBus(tx, bus);
      buses.set(tx, bus, [bus.bus], { ...row, createdAtMs: row.createdAtMs || nowOf(deps), tags: change(row.tags) });
    } else throw unknownResource(arn);
  });
}

const unknownResource = (arn: string): Error => errors.validation(`Parameter ${arn} is not valid. Reason: Provided Arn is not in correct format.`);
