// The X-Ray trace header: what an invocation is told of where it comes from, and what it hands on with everything it calls.
// https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
//
// Its Lineage counts how often each function has run in one chain of events, so that a loop is seen. AWS documents the member but
// not how it is counted; here a function's first run is number 0 (https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html).
import { hexId } from '../../../base/ids.ts';
import type { Random } from '../../../base/random.ts';
import { lineageFunctionsMax, traceHeaderCharactersMax } from '../limits.ts';

interface Trace {
  readonly root: string;
  readonly parent: string | undefined;
  /** Undefined while nobody has decided. */
  readonly sampled: boolean | undefined;
  /** Runs of each function in this chain so far, less one. */
  readonly lineage: ReadonlyMap<string, number>;
}

export interface EnteredTrace {
  /** What the function is told. */
  readonly header: string;
  /** Earlier runs of this function in the chain. */
  readonly loops: number;
}

/** The header of a chain that begins here. Whether it is sampled is not decided yet. */
export const newTraceId = (nowMs: number, random: Random): string =>
  `Root=1-${Math.floor(nowMs / 1_000).toString(16).padStart(8, '0')}-${hexId(random, 24)};Parent=${hexId(random, 16)}`;

/** A header that a caller sent, as far as it is one; a new one otherwise. */
export function acceptTrace(given: string | undefined, nowMs: number, random: Random): string {
  const trace = given === undefined ? undefined : parseTrace(given);
  return trace === undefined ? newTraceId(nowMs, random) : formatTrace(trace);
}

/** Counts one more run of the function into its chain. */
export function enterTrace(header: string, functionArn: string): EnteredTrace {
  const mark = markOf(functionArn);
  // Nearly always a chain begins here, and nothing has to be taken apart.
  if (!header.includes('Lineage=')) return { header: `${header};Lineage=1:${mark}:0`, loops: 0 };
  const trace = parseTrace(header);
  if (trace === undefined) return { header, loops: 0 };
  const before = trace.lineage.get(mark);
  const loops = before === undefined ? 0 : before + 1;
  return { header: formatTrace({ ...trace, lineage: new Map([...trace.lineage, [mark, Math.min(loops, 9_999)]]) }), loops };
}

/** How often the function has run already in the chain of something that it is to be given. */
export function loopsOf(header: string | undefined, functionArn: string): number {
  const trace = header === undefined ? undefined : parseTrace(header);
  const before = trace?.lineage.get(markOf(functionArn));
  return before === undefined ? 0 : before + 1;
}

export interface SampledTrace {
  readonly header: string;
  /** Of the function's own segment, for its log; absent when nothing is recorded. */
  readonly segment: { readonly traceId: string; readonly segmentId: string } | undefined;
}

/** Decides about sampling where nobody has: `sample` says how a function that traces does; others leave it to their callers. */
export function decideSampling(header: string, tracing: 'Active' | undefined, sample: () => boolean, random: Random): SampledTrace {
  // What this server made itself and nobody traces needs no more than the decision.
  if (tracing === undefined && !header.includes('Sampled=')) return { header: withSampled(header, false), segment: undefined };
  const trace = parseTrace(header);
  if (trace === undefined) return { header, segment: undefined };
  const sampled = trace.sampled ?? (tracing === 'Active' && sample());
  if (tracing === undefined || !sampled) return { header: formatTrace({ ...trace, sampled }), segment: undefined };
  const segmentId = hexId(random, 16);
  return { header: formatTrace({ ...trace, sampled, parent: segmentId }), segment: { traceId: trace.root, segmentId } };
}

const withSampled = (header: string, sampled: boolean): string => {
  const at = header.indexOf(';Lineage=');
  const text = `;Sampled=${sampled ? 1 : 0}`;
  return at < 0 ? header + text : header.slice(0, at) + text + header.slice(at);
};

const members = {
  root: /^1-[0-9a-f]{8}-[0-9a-f]{24}$/i,
  parent: /^[0-9a-f]{16}$/i,
  lineage: /^(?:\d{1,5}:)?([0-9a-f]{8}:\d{1,5}(?:\|[0-9a-f]{8}:\d{1,5})*)$/i,
} as const;

/** Undefined for what is no trace header: then nothing of it is used. */
export function parseTrace(header: string): Trace | undefined {
  if (header.length > traceHeaderCharactersMax) return undefined;
  const given = new Map<string, string>();
  for (const part of header.split(';')) {
    const at = part.indexOf('=');
    if (at > 0) given.set(part.slice(0, at).trim(), part.slice(at + 1).trim());
  }
  const root = given.get('Root') ?? '';
  if (!members.root.test(root)) return undefined;
  const parent = given.get('Parent');
  const sampled = given.get('Sampled');
  const counts = members.lineage.exec(given.get('Lineage') ?? '')?.[1] ?? '';
  const lineage = counts === '' ? [] : counts.split('|').slice(0, lineageFunctionsMax).map((each): [string, number] => [each.slice(0, 8).toLowerCase(), Number(each.slice(9))]);
  return {
    root,
    parent: parent !== undefined && members.parent.test(parent) ? parent : undefined,
    sampled: sampled === '1' ? true : sampled === '0' ? false : undefined,
    lineage: new Map(lineage),
  };
}

function formatTrace({ root, parent, sampled, lineage }: Trace): string {
  const parts = [`Root=${root}`];
  if (parent !== undefined) parts.push(`Parent=${parent}`);
  if (sampled !== undefined) parts.push(`Sampled=${sampled ? 1 : 0}`);
  if (lineage.size > 0) parts.push(`Lineage=1:${[...lineage].slice(-lineageFunctionsMax).map(([mark, count]) => `${mark}:${count}`).join('|')}`);
  return parts.join(';');
}

/** Eight hexadecimal digits for a function: FNV-1a, because this is done for every invocation and guards nothing. */
export function markOf(functionArn: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < functionArn.length; index += 1) hash = Math.imul(hash ^ functionArn.charCodeAt(index), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}
