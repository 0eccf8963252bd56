// ParameterFilters of DescribeParameters and GetParametersByPath, and the older Filters.
import { invalidFilterKey, invalidFilterOption, invalidFilterValue, validation } from '../errors.ts';

export interface FilterShape {
  readonly Key?: string | undefined;
  readonly Option?: string | undefined;
  readonly Values?: readonly string[] | undefined;
}

export interface FilteredParameter {
  readonly name: string;
  readonly type: string;
  readonly keyId: string | undefined;
  readonly tier: string;
  readonly dataType: string;
  readonly labels: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
}

type Test = (parameter: FilteredParameter) => boolean;

const describeKeys = ['Path', 'Name', 'Type', 'KeyId', 'Tier', 'DataType'];
const pathKeys = ['Type', 'KeyId', 'Label', 'DataType'];

/** Checks filters once; the result answers for each parameter whether it passes all of them. */
export function compileFilters(filters: readonly FilterShape[], operation: 'describe' | 'path'): Test {
  const seen = new Set<string>();
  const tests = filters.map((filter) => {
    const { Key: key = '' } = filter;
    requireKey(key, operation);
    if (seen.has(key)) throw invalidFilterKey(`The following filter is duplicated in the request: ${key}. A request can contain only one occurrence of a specific filter.`);
    seen.add(key);
    return compileFilter(key, filter);
  });
  return (parameter) => tests.every((test) => test(parameter));
}

/** The older form: names by their beginnings, the rest by equality. */
export function compileOldFilters(filters: readonly { readonly Key?: string | undefined; readonly Values?: readonly string[] | undefined }[]): Test {
  return (parameter) =>
    filters.every(({ Key: key, Values: values = [] }) => {
      if (key === 'Name') return values.some((value) => parameter.name.startsWith(value));
      return values.includes((key === 'Type' ? parameter.type : parameter.keyId) ?? '');
    });
}

function requireKey(key: string, operation: 'describe' | 'path'): void {
  const valid = operation === 'describe' ? describeKeys : pathKeys;
  const isTag = key.startsWith('tag:') && operation === 'describe';
  if (isTag || valid.includes(key)) return;
  throw invalidFilterKey(`The following filter key is not valid: ${key}. Valid filter keys include: [${valid.join(', ')}].`);
}

function compileFilter(key: string, { Option: option = key === 'Path' ? 'OneLevel' : 'Equals', Values: values = [] }: FilterShape): Test {
  if (key.startsWith('tag:')) {
    requireOption(option, ['Equals', 'BeginsWith']);
    const tag = key.slice('tag:'.length);
    return ({ tags }) => {
      const value = Object.hasOwn(tags, tag) ? tags[tag] : undefined;
      return value !== undefined && (values.length === 0 || values.some((wanted) => (option === 'Equals' ? value === wanted : value.startsWith(wanted))));
    };
  }
  if (values.length === 0) throw invalidFilterValue(`The following filter values are missing : null for filter key ${key}.`);
  if (key === 'Path') return compilePath(option, values);
  requireOption(option, key === 'Name' ? ['BeginsWith', 'Equals', 'Contains'] : ['BeginsWith', 'Equals']);
  requireValues(key, values);
  return (parameter) => textsOf(key, parameter, option).some((text) => values.some((value) => matches(text, key === 'Name' && option !== 'Contains' ? slashed(value) : value, option)));
}

function compilePath(option: string, values: readonly string[]): Test {
  requireOption(option, ['Recursive', 'OneLevel']);
  for (const value of values) {
    if (/^\/(?:aws|ssm)/i.test(value)) {
      throw validation('Filters for common parameters can\'t be prefixed with "aws" or "ssm" (case-insensitive). When using global parameters, please specify within a global namespace.');
    }
    requirePath(value);
  }
  return ({ name }) => values.some((path) => isBelow(name, path, option === 'Recursive'));
}

/** Throws unless the text can be the path of a hierarchy. */
export function requirePath(path: string): void {
  if (/^\/(?:[A-Za-z0-9_.-]+(?:\/[A-Za-z0-9_.-]+)*\/?)?$/.test(path)) return;
  throw validation(
    'The parameter doesn\'t meet the parameter name requirements. The parameter name must begin with a forward slash "/". It can\'t be prefixed with "aws" or "ssm" (case-insensitive). It must use only letters, numbers, or the following symbols: . (period), - (hyphen), _ (underscore). Special characters are not allowed. All sub-paths, if specified, must use the forward slash symbol "/". Valid example: /get/parameters2-/by1./path0_.',
  );
}

function isBelow(name: string, path: string, recursive: boolean): boolean {
  const prefix = path.endsWith('/') ? path : `${path}/`;
  const full = slashed(name);
  return full.startsWith(prefix) && (recursive || !full.slice(prefix.length).includes('/'));
}

const slashed = (name: string): string => (name.startsWith('/') ? name : `/${name}`);

function requireOption(option: string, valid: readonly string[]): void {
  if (!valid.includes(option)) throw invalidFilterOption(`The following filter option is not valid: ${option}. Valid options include: [${valid.join(', ')}].`);
}

const valuesOf: Readonly<Record<string, readonly string[]>> = {
  Tier: ['Standard', 'Advanced', 'Intelligent-Tiering'],
  Type: ['String', 'StringList', 'SecureString'],
};

function requireValues(key: string, values: readonly string[]): void {
  const valid = valuesOf[key];
  const wrong = values.find((value) => valid !== undefined && !valid.includes(value));
  if (wrong !== undefined) throw invalidFilterOption(`The following filter value is not valid: ${wrong}. Valid values include: [${valid?.join(', ')}].`);
}

function textsOf(key: string, parameter: FilteredParameter, option: string): readonly string[] {
  switch (key) {
    case 'Name':
      return [option === 'Contains' ? parameter.name : slashed(parameter.name)];
    case 'Type':
      return [parameter.type];
    case 'KeyId':
      return parameter.keyId === undefined ? [] : [parameter.keyId];
    case 'Tier':
      return [parameter.tier];
    case 'Label':
      return parameter.labels;
    default:
      return [parameter.dataType];
  }
}

function matches(text: string, value: string, option: string): boolean {
  if (option === 'Equals') return text === value;
  return option === 'BeginsWith' ? text.startsWith(value) : text.includes(value);
}
