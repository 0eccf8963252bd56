// The filters of ListSecrets and BatchGetSecretValue (user guide, "Find secrets in AWS Secrets Manager").
import type { Tags } from './tags.ts';

export interface SecretFilter {
  readonly Key?: string | undefined;
  readonly Values?: readonly string[] | undefined;
}

export interface FilteredSecret {
  readonly name: string;
  readonly description: string;
  readonly tags: Tags;
  readonly primaryRegion: string;
}

/** Whether a secret passes every filter. Values of one filter are alternatives; one that begins with `!` excludes. */
export function passesFilters(secret: FilteredSecret, filters: readonly SecretFilter[]): boolean {
  return filters.every(({ Key: key = '', Values: values = [] }) => {
    const excluding = values.filter((value) => value.startsWith('!')).map((value) => value.slice(1));
    const including = values.filter((value) => !value.startsWith('!'));
    if (excluding.some((value) => matches(secret, key, value))) return false;
    return including.length === 0 || including.some((value) => matches(secret, key, value));
  });
}

// "Prefix match" for each key; names, tags and regions with regard to case, descriptions without.
function matches(secret: FilteredSecret, key: string, value: string): boolean {
  switch (key) {
    case 'name':
      return secret.name.startsWith(value);
    case 'description':
      return wordPrefix(secret.description, value);
    case 'tag-key':
      return Object.keys(secret.tags).some((tag) => tag.startsWith(value));
    case 'tag-value':
      return Object.values(secret.tags).some((tag) => tag.startsWith(value));
    case 'primary-region':
      return secret.primaryRegion.startsWith(value);
    case 'owning-service':
      // No service here owns secrets of its own.
      return false;
    default:
      return anywhere(secret, value);
  }
}

function wordPrefix(text: string, value: string): boolean {
  return text.toLowerCase().startsWith(value.toLowerCase());
}

// "all: Breaks the filter value string into words and then searches all attributes for matches. Not case-sensitive."
function anywhere({ name, description, tags, primaryRegion }: FilteredSecret, value: string): boolean {
  const attributes = [name, description, primaryRegion, ...Object.keys(tags), ...Object.values(tags)].map((attribute) => attribute.toLowerCase());
  const words = value.toLowerCase().split(/[^a-z0-9]+/).filter((word) => word !== '');
  return words.some((word) => attributes.some((attribute) => attribute.includes(word)));
}
