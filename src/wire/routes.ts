// The route table of a REST service: which operation a method, path and query are for, and what the path's labels hold.

import type { RouteFacts, ServiceModel } from './model.ts';
import type { RequestHead } from './types.ts';

interface Segment {
  readonly kind: 'literal' | 'label' | 'greedy';
  /** The literal text or the label's name. */
  readonly text: string;
}

interface Route {
  readonly facts: RouteFacts;
  readonly segments: readonly Segment[];
  /** Index of the greedy label, or -1. */
  readonly greedy: number;
  /** Query parameters that the pattern itself demands: `?acl`, `?list-type=2`. */
  readonly query: readonly (readonly [name: string, value: string | undefined])[];
  readonly weight: string;
}

export interface RouteMatch {
  readonly operation: string;
  readonly labels: Readonly<Record<string, string>>;
}

interface RouteTable {
  readonly byMethod: ReadonlyMap<string, readonly Route[]>;
}

const tables = new WeakMap<ServiceModel, RouteTable>();

/** The operation that a REST request is for, with its labels still percent-encoded; undefined when no route matches. */
export function matchRoute(service: ServiceModel, head: RequestHead, path: string = head.path): RouteMatch | undefined {
  const routes = tableOf(service).byMethod.get(head.method);
  if (!routes) return undefined;
  const segments = path.split('/');
  segments.shift();
  const given = head.query === '' ? noParameters : parameterNames(head.query);
  const found = find(routes, segments, given, head);
  if (found) return found;
  // Old boto sends `/2015-03-31/functions/` with a trailing slash.
  if (segments.length > 1 && segments.at(-1) === '') return find(routes, segments.slice(0, -1), given, head);
  return undefined;
}

const noParameters: ReadonlyMap<string, string> = new Map();

// Routes are sorted by weight, so the first that matches is the most specific one.
function find(routes: readonly Route[], segments: readonly string[], given: ReadonlyMap<string, string>, head: RequestHead): RouteMatch | undefined {
  for (const route of routes) {
    if (!fits(route, segments) || !hasQuery(route, given) || !hasRequired(route, given, head)) continue;
    return { operation: route.facts.operation, labels: labelsOf(route, segments) };
  }
  return undefined;
}

function fits(route: Route, segments: readonly string[]): boolean {
  const wanted = route.segments;
  if (route.greedy < 0) {
    if (wanted.length !== segments.length) return false;
  } else if (segments.length < wanted.length) return false;
  const tail = segments.length - wanted.length;
  for (let index = 0; index < wanted.length; index += 1) {
    const segment = wanted[index];
    if (segment === undefined) return false;
    if (segment.kind === 'greedy') {
      if (segments.length === wanted.length && segments[index] === '') return false;
      continue;
    }
    const text = segments[route.greedy >= 0 && index > route.greedy ? index + tail : index];
    if (segment.kind === 'literal' ? text !== segment.text : text === '') return false;
  }
  return true;
}

function hasQuery(route: Route, given: ReadonlyMap<string, string>): boolean {
  for (const [name, value] of route.query) {
    const found = given.get(name);
    if (found === undefined || (value !== undefined && found !== value)) return false;
  }
  return true;
}

// S3 tells operations of one pattern apart by their required members (UploadPart by partNumber, CopyObject by x-amz-copy-source).
function hasRequired(route: Route, given: ReadonlyMap<string, string>, head: RequestHead): boolean {
  if (route.weight.endsWith('0')) return true;
  return route.facts.requiredQuery.every((name) => given.has(name)) && route.facts.requiredHeaders.every((name) => head.headers[name] !== undefined);
}

function labelsOf(route: Route, segments: readonly string[]): Record<string, string> {
  const labels: Record<string, string> = {};
  const tail = segments.length - route.segments.length;
  for (const [index, segment] of route.segments.entries()) {
    if (segment.kind === 'label') labels[segment.text] = segments[route.greedy >= 0 && index > route.greedy ? index + tail : index] ?? '';
    else if (segment.kind === 'greedy') labels[segment.text] = segments.slice(index, index + tail + 1).join('/');
  }
  return labels;
}

function parameterNames(query: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const pair of query.split('&')) {
    const equals = pair.indexOf('=');
    const name = decodeQuietly(equals < 0 ? pair : pair.slice(0, equals));
    if (!found.has(name)) found.set(name, equals < 0 ? '' : decodeQuietly(pair.slice(equals + 1)));
  }
  return found;
}

function decodeQuietly(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function tableOf(service: ServiceModel): RouteTable {
  const known = tables.get(service);
  if (known) return known;
  const shared = new Map<string, number>();
  for (const facts of service.routes) shared.set(patternOf(facts), (shared.get(patternOf(facts)) ?? 0) + 1);
  const byMethod = new Map<string, Route[]>();
  for (const facts of service.routes) {
    const route = compileRoute(facts, (shared.get(patternOf(facts)) ?? 0) > 1);
    byMethod.set(facts.method, [...(byMethod.get(facts.method) ?? []), route]);
  }
  for (const routes of byMethod.values()) routes.sort((a, b) => (a.weight < b.weight ? 1 : a.weight > b.weight ? -1 : a.facts.operation < b.facts.operation ? -1 : 1));
  const table = { byMethod };
  tables.set(service, table);
  return table;
}

function patternOf(facts: RouteFacts): string {
  return `${facts.method} ${facts.uri.replace(/\{[^}]*\}/g, '{}').replace(/[?&]x-id=[^&]*/, '')}`;
}

// The weight sorts as text: per segment literal (3) before label (2) before greedy (1), then more query literals, then more required members.
function compileRoute(facts: RouteFacts, contested: boolean): Route {
  const [path = '/', query = ''] = facts.uri.split('?');
  const segments = path.slice(1).split('/').map((text): Segment => {
    if (!text.startsWith('{')) return { kind: 'literal', text };
    return text.endsWith('+}') ? { kind: 'greedy', text: text.slice(1, -2) } : { kind: 'label', text: text.slice(1, -1) };
  });
  const literals = query.split('&').filter((pair) => pair !== '' && !pair.startsWith('x-id='));
  const shape = segments.map((segment) => ({ literal: '3', label: '2', greedy: '1' })[segment.kind]).join('');
  const required = contested ? Math.min(9, facts.requiredQuery.length + facts.requiredHeaders.length) : 0;
  return {
    facts,
    segments,
    greedy: segments.findIndex((segment) => segment.kind === 'greedy'),
    query: literals.map((pair) => {
      const equals = pair.indexOf('=');
      return equals < 0 ? [pair, undefined] : [pair.slice(0, equals), pair.slice(equals + 1)];
    }),
    weight: `${shape}.${literals.length}${required}`,
  };
}
