import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ServiceError } from '../../src/base/errors.ts';

/** Services whose README lists what they refuse, made from their `errors.ts`. */
export const listedServices = ['s3', 'sqs'] as const;

interface ModelErrors {
  readonly shapes: Readonly<Record<string, { readonly err?: { readonly status?: number; readonly code?: string } }>>;
}

interface Listed {
  readonly code: string;
  readonly status: number;
  readonly query: string | undefined;
  readonly texts: Set<string>;
}

/** Every error that a service's `errors.ts` makes, as a table: its code, its status, its texts with … for what the request tells. */
export async function errorTable(root: string, id: string): Promise<string> {
  const errors = (await import(join(root, 'dist/src/services', id, 'errors.js'))) as Readonly<Record<string, unknown>>;
  const model = JSON.parse(readFileSync(join(root, 'src/model', `${id}.json`), 'utf8')) as ModelErrors;
  const listed = new Map<string, Listed>();
  for (const error of Object.values(errors).flatMap(errorsOf)) {
    const declared = model.shapes[error.code]?.err;
    const status = error.status ?? declared?.status ?? 400;
    const known = listed.get(`${error.code} ${status}`) ?? { code: error.code, status, query: declared?.code, texts: new Set() };
    known.texts.add(error.message);
    listed.set(`${error.code} ${status}`, known);
  }
  const rows = [...listed.values()].sort((a, b) => (a.code < b.code ? -1 : a.code > b.code ? 1 : a.status - b.status));
  const old = rows.some(({ query }) => query !== undefined);
  const escape = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;').trim();
  const lines = rows.map(({ code, status, query, texts }) => `| \`${code}\` | ${status} |${old ? ` ${query ?? code} |` : ''} ${[...texts].map(escape).join('<br>')} |`);
  const head = old ? ['| error | status | code in the query protocol | texts |', '|---|---|---|---|'] : ['| error | status | texts |', '|---|---|---|'];
  return [...head, ...lines].join('\n');
}

/** The README of a service that lists its errors; undefined for others. */
export function errorReadme(root: string, id: string): string | undefined {
  const path = join(root, 'src/services', id, 'README.md');
  return existsSync(path) ? path : undefined;
}

// What makes an error takes texts and numbers, which stand for themselves as dots; what wants something else is tried with that.
const samples: readonly unknown[] = ['…', 0, []];

function errorsOf(made: unknown): ServiceError[] {
  if (typeof made === 'object' && made !== null && !(made instanceof ServiceError)) return Object.values(made).flatMap(errorsOf);
  if (typeof made !== 'function') return [];
  for (const sample of samples) {
    try {
      const error: unknown = (made as (...values: unknown[]) => unknown)(...Array.from({ length: 6 }, () => sample));
      return error instanceof ServiceError ? [error] : [];
    } catch {
      // The next sample may fit.
    }
  }
  return [];
}
