// Events as rules see them and targets get them (user guide, "Event structure").

/** In the order of the service's own examples. */
export interface EventRecord {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: string;
  readonly account: string;
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: unknown;
  /** Only in events that a replay sends again. */
  readonly 'replay-name'?: string;
}

/** Whole seconds, as the service writes it. */
export function eventTime(ms: number): string {
  return `${new Date(Math.floor(ms / 1_000) * 1_000).toISOString().slice(0, 19)}Z`;
}

/** How deep objects and lists lie in each other, without reading the text as JSON: what follows may be read by recursion. */
export function jsonDepth(text: string, max: number): number {
  let depth = 0;
  let deepest = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const letter = text.charCodeAt(at);
    if (quoted) {
      if (letter === 0x5c) at += 1;
      else if (letter === 0x22) quoted = false;
    } else if (letter === 0x22) quoted = true;
    else if (letter === 0x7b || letter === 0x5b) {
      depth += 1;
      if (depth > deepest) deepest = depth;
      if (deepest > max) return deepest;
    } else if (letter === 0x7d || letter === 0x5d) depth -= 1;
  }
  return deepest;
}

/** The object in a JSON text; undefined when there is none, or it is deeper than `depthMax`. */
export function parseDetail(text: string, depthMax: number): Readonly<Record<string, unknown>> | undefined {
  if (jsonDepth(text, depthMax) > depthMax) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
