// A function may be named `name`, `name:qualifier`, `account:function:name`, `function:name`, or by its whole ARN, with the
// qualifier in the name or beside it (API reference, "Name formats").
import { formatArn, parseArn } from '../../../base/arn.ts';
import { errors } from '../errors.ts';

export interface Place {
  readonly account: string;
  readonly region: string;
}

export interface FunctionReference extends Place {
  readonly name: string;
  /** Undefined when the caller gave none, which means $LATEST but is answered with the plain ARN. */
  readonly qualifier: string | undefined;
}

const form =
  /^(?:arn:aws[a-zA-Z-]*:lambda:)?(?:([a-z]{2,}(?:-[a-z]+)+-\d+):)?(?:(\d{12}):)?(?:function:)?([a-zA-Z0-9-_]+)(?::(\$LATEST|[a-zA-Z0-9-_]+))?$/;

/** Parses a name in any of its forms, seen from `here`. Throws AWS's errors for contradicting qualifiers and other regions. */
export function parseFunctionName(text: string, qualifier: string | undefined, here: Place): FunctionReference {
  const match = form.exec(text);
  if (match === null) {
    throw errors.validation(text, 'functionName', `Member must satisfy regular expression pattern: ${patternInErrors}`);
  }
  const [, region = here.region, account = here.account, name = '', ownQualifier] = match;
  if (region !== here.region) throw errors.otherRegion(region, here.region);
  if (ownQualifier !== undefined && qualifier !== undefined && ownQualifier !== qualifier) {
    throw errors.invalidParameter('The derived qualifier from the function name does not match the specified qualifier.');
  }
  return { account, region, name, qualifier: qualifier ?? ownQualifier };
}

// As AWS prints it.
const patternInErrors =
  '(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?([a-zA-Z0-9-_\\.]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?';

/** What the ARN of a function, version or alias names; undefined for anything else. */
export function parseFunctionArn(text: string): FunctionReference | undefined {
  const arn = parseArn(text);
  if (arn?.service !== 'lambda') return undefined;
  try {
    return parseFunctionName(text, undefined, arn);
  } catch {
    return undefined; // No function can have this name.
  }
}

/** The ARN of a function, or of one of its versions. */
export function functionArn(place: Place, name: string, qualifier?: string): string {
  const resource = qualifier === undefined ? `function:${name}` : `function:${name}:${qualifier}`;
  return formatArn({ service: 'lambda', region: place.region, account: place.account, resource });
}
