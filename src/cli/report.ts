import type { Style } from './style.ts';

/** What `start` and `status` show of a server. */
export interface ServerReport {
  readonly version: string;
  readonly endpoint: string;
  /** Undefined: in memory. */
  readonly dataFolder: string | undefined;
  readonly auth: string;
  readonly iam: string;
  readonly loopback: boolean;
  readonly guarantees: readonly { readonly name: string; readonly on: boolean; readonly remedy?: string }[];
  readonly interpreters: readonly { readonly family: string; readonly version: string }[];
}

const labelWidth = 14;
const remediesMax = 4;

/** The lines that tell a person what runs: at most thirteen, whatever the machine lacks. */
export function reportLines(report: ServerReport, style: Style): string[] {
  return [
    `${style.bold(`Haneul ${report.version}`)} on ${style.bold(report.endpoint)}`,
    '',
    field('Data', report.dataFolder === undefined ? style.warning('in memory: gone when the server stops') : report.dataFolder),
    ...accessLines(report, style),
    ...guaranteeLines(report, style),
    field('Interpreters', interpreterText(report, style)),
  ];
}

function accessLines(report: ServerReport, style: Style): string[] {
  const policies = { enforce: 'policies of issued keys are enforced', audit: 'policies are only logged (--iam audit)', off: 'policies are off (--iam off)' }[report.iam];
  const policyText = policies ?? `policies: ${report.iam}`;
  const marked = report.iam === 'enforce' ? policyText : style.warning(policyText);
  if (!report.loopback) {
    return [
      field('Access', `${style.warning('other machines can reach this port')}: only keys that Haneul issued, and signed requests; ${marked}`),
      field('', 'traffic is plain HTTP: put TLS in front of it on a network you do not trust'),
    ];
  }
  const keys = report.auth === 'strict' ? 'this machine only; only keys that Haneul issued' : 'this machine only; any unknown key is the administrator';
  return [field('Access', `${keys}; ${marked}`)];
}

function guaranteeLines({ guarantees }: ServerReport, style: Style): string[] {
  if (guarantees.length === 0) return [field('Sandbox', style.warning('unknown'))];
  const on = guarantees.filter((guarantee) => guarantee.on).map((guarantee) => guarantee.name);
  const off = guarantees.filter((guarantee) => !guarantee.on);
  const lines: string[] = [];
  if (on.length > 0) lines.push(`${style.good('on')}  ${on.join(', ')}`);
  const groups = [...groupByRemedy(off)];
  for (const [remedy, names] of groups.slice(0, remediesMax)) {
    const how = remedy === '' ? '' : `   ${style.dim('turn on:')} ${remedy}`;
    lines.push(`${style.warning('OFF')} ${names.join(', ')}${how}`);
  }
  if (groups.length > remediesMax) lines.push(style.dim(`and ${groups.length - remediesMax} more: npx haneul doctor`));
  return lines.map((line, index) => field(index === 0 ? 'Sandbox' : '', line));
}

// One command often turns several guarantees on; it is printed once.
function groupByRemedy(guarantees: ServerReport['guarantees']): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const { name, remedy = '' } of guarantees) groups.set(remedy, [...(groups.get(remedy) ?? []), name]);
  return groups;
}

const familyNames: Readonly<Record<string, string>> = { node: 'Node.js', python: 'Python' };

function interpreterText({ interpreters }: ServerReport, style: Style): string {
  const families = new Map<string, string[]>();
  for (const { family, version } of interpreters) families.set(family, [...new Set([...(families.get(family) ?? []), version])]);
  if (families.size === 0) return style.warning('none found: only provided.al2023 functions can run');
  return [...families].map(([family, versions]) => `${familyNames[family] ?? family} ${versions.join(', ')}`).join('; ');
}

function field(label: string, text: string): string {
  return `  ${label.padEnd(labelWidth)}${text}`;
}
