import type { Style } from './style.ts';

/** What the server tells of a denial. Every member may be missing: an older or newer server answers too. */
export interface DenialReport {
  readonly requestId?: string;
  readonly at?: string;
  readonly enforced?: boolean;
  readonly principal?: { readonly arn?: string };
  readonly action?: string;
  readonly resource?: string;
  readonly sentence?: string;
  readonly decision?: string;
  readonly layer?: string;
  readonly deciding?: StatementReport;
  readonly searched?: readonly string[];
  readonly nearMisses?: readonly {
    readonly statement?: StatementReport;
    readonly failed?: string;
    readonly condition?: { readonly operator?: string; readonly key?: string; readonly wanted?: readonly string[]; readonly actual?: readonly string[] };
  }[];
  readonly context?: Readonly<Record<string, readonly string[]>>;
}

interface StatementReport {
  readonly policy?: string;
  readonly index?: number;
  readonly sid?: string;
  readonly statement?: unknown;
}

/** One denial as a person reads it: what was asked, what decided, and what the request said of itself. */
export function describeDenialLines(denial: DenialReport, style: Style): string[] {
  const { at = '', enforced = true, principal, action = '', resource = '', context = {} } = denial;
  return [
    style.bold(denial.sentence ?? ''),
    '',
    `  when      ${at}${enforced ? '' : '   (audit mode: the request went on)'}`,
    `  who       ${principal?.arn ?? ''}`,
    `  action    ${action}`,
    `  resource  ${resource}`,
    '',
    ...(denial.decision === 'explicit-deny' ? denyLines(denial, style) : missingLines(denial, style)),
    '',
    style.bold('What the request said of itself'),
    ...Object.entries(context).map(([key, values]) => `  ${key} = ${values.join(', ')}`),
    '',
  ];
}

function denyLines({ deciding = {}, layer = 'policy' }: DenialReport, style: Style): string[] {
  if (deciding.statement === undefined) return [style.bad(`The ${layer} ${deciding.policy ?? ''} cannot be read, and denies everything until it is replaced.`)];
  return [style.bold(`Denied by the ${layer} ${named(deciding)}`), ...statementLines(deciding)];
}

function missingLines({ searched = [], nearMisses = [], layer = 'policy', action = '', resource = '' }: DenialReport, style: Style): string[] {
  const lines = [style.bold(`No ${layer} allows it. ${searched.length === 0 ? 'There is none.' : 'Looked at:'}`), ...searched.map((source) => `  ${source}`)];
  for (const { statement = {}, failed, condition } of nearMisses) {
    lines.push('', `Nearly: ${named(statement)}, but ${reasonText(failed, condition)}`, ...statementLines(statement));
  }
  return [...lines, '', 'This statement would allow it:', ...indented({ Effect: 'Allow', Action: action, Resource: resource })];
}

function reasonText(failed: string | undefined, condition: NonNullable<DenialReport['nearMisses']>[number]['condition']): string {
  if (failed === 'resource') return 'its Resource does not match';
  if (failed === 'principal') return 'its Principal is somebody else';
  const { operator = '', key = '', wanted = [], actual } = condition ?? {};
  return `${key} ${actual === undefined ? 'is not there' : `is ${actual.join(', ')}`} and ${operator} wants ${wanted.join(' or ')}`;
}

function named({ policy = '', sid, index = 0 }: StatementReport): string {
  return `${policy}, statement ${sid === undefined || sid === '' ? index + 1 : `"${sid}"`}`;
}

const statementLines = ({ statement }: StatementReport): string[] => (statement === undefined ? [] : indented(statement));

function indented(value: unknown): string[] {
  return (JSON.stringify(value, null, 2) ?? '').split('\n').map((line) => `  ${line}`);
}
