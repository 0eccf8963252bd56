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
const sandboxLinesMax = 6;
/** What is on is told whatever is off; all of it is in `haneul doctor`. */
const onLinesMin = 2;
/** Then the command that turns them on has room beside them. */
const offLinesEach = 2;

/** The lines that tell a person what runs: few enough for one screen, whatever the machine lacks. */
export function reportLines(report: ServerReport, style: Style, columns: number): string[] {
  return [
    `${style.bold(`Haneul ${report.version}`)} on ${style.bold(report.endpoint)}`,
    '',
    ...field('Data', report.dataFolder === undefined ? style.warning('in memory: gone when the server stops') : report.dataFolder),
    ...accessLines(report, style),
    ...field('Sandbox', ...guaranteeLines(report, style, columns - labelWidth - 2)),
    ...field('Interpreters', ...interpreterLines(report, style, columns - labelWidth - 2)),
  ];
}

const policyTexts: Readonly<Record<string, string>> = {
  enforce: 'policies of issued keys are enforced',
  audit: 'policies are only logged (--iam audit)',
  off: 'policies are off (--iam off)',
};

function accessLines({ auth, iam, loopback }: ServerReport, style: Style): string[] {
  const policies = policyTexts[iam] ?? iam;
  const marked = iam === 'enforce' ? policies : style.warning(policies);
  if (!loopback) {
    const reach = style.warning('other machines can reach this port, in plain HTTP: put TLS in front of it');
    return field('Access', reach, `requests must be signed with a key that Haneul issued; ${marked}`);
  }
  const keys = auth === 'strict' ? 'only keys that Haneul issued' : 'any unknown key is the administrator';
  return field('Access', `this machine only; ${keys}; ${marked}`);
}

// What is missing comes first: it is what one has to know.
function guaranteeLines({ guarantees }: ServerReport, style: Style, width: number): string[] {
  if (guarantees.length === 0) return [style.warning('unknown')];
  const on = guarantees.filter((guarantee) => guarantee.on).map((guarantee) => guarantee.name);
  const onLines = on.length === 0 ? [] : marked(style.good('on '), wrapText(on.join('; '), width - 4));
  const offLines: string[] = [];
  for (const [remedy, names] of groupByRemedy(guarantees.filter((guarantee) => !guarantee.on))) {
    offLines.push(...marked(style.warning('OFF'), atMost(offLinesEach, wrapText(names.join('; '), width - 5))));
    if (remedy !== '') offLines.push(`    ${style.dim('turn on:')} ${remedy}`);
  }
  if (offLines.length + onLines.length <= sandboxLinesMax) return [...offLines, ...onLines];
  const roomForOff = sandboxLinesMax - 1 - Math.min(onLinesMin, onLines.length);
  const shownOff = offLines.slice(0, roomForOff);
  const shownOn = onLines.slice(0, sandboxLinesMax - 1 - shownOff.length);
  return [...shownOff, ...shownOn, style.dim('… and more: npx haneul doctor')];
}

const atMost = (count: number, lines: readonly string[]): string[] => (lines.length <= count ? [...lines] : [...lines.slice(0, count - 1), `${lines[count - 1] ?? ''}…`]);

function marked(mark: string, lines: readonly string[]): string[] {
  return lines.map((line, index) => `${index === 0 ? mark : '   '} ${line}`);
}

/** Breaks plain text between words. */
export function wrapText(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

// One command often turns several guarantees on; it is printed once.
function groupByRemedy(guarantees: ServerReport['guarantees']): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const { name, remedy = '' } of guarantees) groups.set(remedy, [...(groups.get(remedy) ?? []), name]);
  return groups;
}

const familyNames: Readonly<Record<string, string>> = { node: 'Node.js', python: 'Python', java: 'Java', ruby: 'Ruby' };

function interpreterLines({ interpreters }: ServerReport, style: Style, width: number): string[] {
  const families = new Map<string, string[]>();
  for (const { family, version } of interpreters) families.set(family, [...new Set([...(families.get(family) ?? []), version])]);
  if (families.size === 0) return [style.warning('none found: only provided.al2023 functions can run')];
  const text = [...families].map(([family, versions]) => `${familyNames[family] ?? family} ${versions.join(', ')}`).join('; ');
  return wrapText(text, width).slice(0, 2);
}

function field(label: string, ...lines: readonly string[]): string[] {
  return lines.map((line, index) => `  ${(index === 0 ? label : '').padEnd(labelWidth)}${line}`);
}
