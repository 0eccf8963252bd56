// `aws:RequestTag/…` and `aws:TagKeys` for every operation that takes tags (IAM user guide, "AWS global condition context
// keys"): said once, because each service spells its tags in one of a few ways.

const tagMembers = ['Tags', 'tags', 'TagList', 'tagList', 'tagging'];
const keyMembers = ['TagKeys', 'tagKeys', 'TagKeyList'];

/** Undefined when the request brings no tags and removes none. */
export function requestTagKeys(input: object): Record<string, string | readonly string[]> | undefined {
  const given = input as Readonly<Record<string, unknown>>;
  for (const member of tagMembers) {
    const tags = tagsOf(given[member]);
    if (tags.length === 0) continue;
    const conditions: Record<string, string | readonly string[]> = { 'aws:TagKeys': tags.map(([key]) => key) };
    for (const [key, value] of tags) conditions[`aws:RequestTag/${key}`] = value;
    return conditions;
  }
  for (const member of keyMembers) {
    const keys = given[member];
    if (Array.isArray(keys) && keys.length > 0) return { 'aws:TagKeys': keys.filter((key) => typeof key === 'string') };
  }
  return undefined;
}

function tagsOf(value: unknown): [string, string][] {
  if (typeof value !== 'object' || value === null) return [];
  if (!Array.isArray(value)) return Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return value.flatMap((tag: unknown): [string, string][] => {
    if (typeof tag !== 'object' || tag === null) return [];
    const { Key, key, TagKey, Value, value: text, TagValue } = tag as Readonly<Record<string, unknown>>;
    const name = Key ?? key ?? TagKey;
    const content = Value ?? text ?? TagValue ?? '';
    return typeof name === 'string' && typeof content === 'string' ? [[name, content]] : [];
  });
}
