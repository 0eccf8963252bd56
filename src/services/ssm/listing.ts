// Parameters in the order of their names, a page at a time.
import type { ReadTransaction } from '../../kv/store.ts';
import type { Scope } from '../../kv/table.ts';
import { parameterArn } from './domain/names.ts';
import type { FilteredParameter } from './domain/filters.ts';
import { scanRowsMax } from './limits.ts';
import type { FoundParameter } from './lookup.ts';
import { labels, parameters } from './store.ts';

export interface ScanOptions {
  readonly limit: number;
  readonly after: string | undefined;
  /** Only names that begin with it; ends with a slash. */
  readonly below?: string;
  /** Only names without a further slash behind `below`. */
  readonly oneLevel?: boolean;
  readonly wants: (parameter: FilteredParameter) => boolean;
  readonly withLabels?: boolean;
}

/** One page, and the name behind which the next begins. Looks at a bounded number of rows, so a page may be short, or empty, and have a next. */
export async function scanParameters(tx: ReadTransaction, scope: Scope, options: ScanOptions): Promise<{ found: FoundParameter[]; next: string | undefined }> {
  const { limit, below, oneLevel = false, wants, withLabels = false } = options;
  const found: FoundParameter[] = [];
  let { after } = options;
  for (let scanned = 0; scanned < scanRowsMax; ) {
    const rows = await parameters.list(tx, scope, [], { limit: 100, ...rangeOf(below, after) });
    let skipTo: string | undefined;
    for (const { parts, row } of rows) {
      const name = String(parts[0]);
      scanned++;
      const deeper = below === undefined ? -1 : name.indexOf('/', below.length);
      if (oneLevel && deeper >= 0) {
        // Everything below that path is passed over with one read.
        skipTo = `${name.slice(0, deeper)}/\u{10FFFF}`;
        break;
      }
      if (found.length === limit) return { found, next: after };
      after = name;
      const { latest, tags = {}, id } = row;
      const names = withLabels ? (await labels.list(tx, scope, [id], { limit: 1_000 })).flatMap((label) => (label.row.version === latest.version ? String(label.parts[1]) : [])) : [];
      const filtered = { name, type: latest.type, keyId: latest.type === 'SecureString' ? (latest.keyId ?? 'alias/aws/ssm') : undefined, tier: latest.tier, dataType: latest.dataType, labels: names, tags };
      if (wants(filtered)) found.push({ scope, name, row, arn: parameterArn(scope, name) });
    }
    if (skipTo !== undefined) after = skipTo;
    else if (rows.length < 100) return { found, next: undefined };
  }
  return { found, next: after };
}

function rangeOf(below: string | undefined, after: string | undefined) {
  return {
    ...(after === undefined ? {} : { after: [after] }),
    // '0' is the character behind '/'.
    ...(below === undefined ? {} : { from: [below], before: [`${below.slice(0, -1)}0`] }),
  };
}
