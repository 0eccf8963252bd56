import { createMatcher } from '../domain/filter-pattern/matcher.ts';
import { groupNotFound, invalidParameter } from '../errors.ts';
import { groupAccess, groupNameOfArn, operation, scopeOf } from '../operation.ts';
import { requireGroup } from '../store.ts';
import type { Call } from '../../../framework/context.ts';

export const startLiveTail = operation('StartLiveTail', {
  access: ({ logGroupIdentifiers = [] }, call) => groupNamesOf(logGroupIdentifiers, call).map((name) => groupAccess('StartLiveTail', call, name)),
  async handle(input, call, { store, liveTails }) {
    const { logGroupIdentifiers = [], logStreamNames, logStreamNamePrefixes, logEventFilterPattern } = input;
    if (logStreamNames && logStreamNamePrefixes) {
      throw invalidParameter('LogStream names and LogStream name prefixes are mutually exclusive parameters.');
    }
    if ((logStreamNames ?? logStreamNamePrefixes) && logGroupIdentifiers.length > 1) {
      throw invalidParameter('LogStream names and LogStream name prefixes can be specified only with a single LogGroup.');
    }
    const matcher = createMatcher(logEventFilterPattern ?? '');
    const scope = scopeOf(call);
    const names = groupNamesOf(logGroupIdentifiers, call);
    const groups = await store.read((tx) => Promise.all(names.map(async (name) => ({ name, id: (await requireGroup(tx, scope, name)).id }))));
    const responseStream = await liveTails.open({
      scope,
      groups,
      wantsStream: streamTest(logStreamNames, logStreamNamePrefixes),
      matcher,
      start: {
        requestId: call.requestId,
        logGroupIdentifiers,
        ...(logStreamNames ? { logStreamNames } : {}),
        ...(logStreamNamePrefixes ? { logStreamNamePrefixes } : {}),
        ...(logEventFilterPattern === undefined ? {} : { logEventFilterPattern }),
      },
      signal: call.signal,
    });
    return { responseStream };
  },
});

// "Specify each log group by its ARN. If you specify an ARN, the ARN can't end with an asterisk (*)." A group that is named twice is
// tailed once.
function groupNamesOf(identifiers: readonly string[], call: Call): string[] {
  const names = identifiers.map((identifier) => {
    if (!identifier.startsWith('arn:') || identifier.endsWith('*')) {
      throw invalidParameter('Each LogGroup identifier must be the ARN of a log group, without a trailing ":*".');
    }
    const name = groupNameOfArn(identifier, call);
    // DEVIATION: groups of linked source accounts (cross-account observability) are not served.
    if (name === undefined) throw groupNotFound();
    return name;
  });
  return [...new Set(names)];
}

function streamTest(names: readonly string[] | undefined, prefixes: readonly string[] | undefined): (streamName: string) => boolean {
  if (names) {
    const wanted = new Set(names);
    return (streamName) => wanted.has(streamName);
  }
  return (streamName) => prefixes === undefined || prefixes.some((prefix) => streamName.startsWith(prefix));
}
