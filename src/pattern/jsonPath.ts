// The paths of EventBridge (InputPath, InputPathsMap, templates of pipes): `$`, names after dots, indexes and `[*]` in brackets. Names in quotes are refused by the
// service itself ("InputPath for target … is invalid.").

type Step = { readonly name: string } | { readonly index: number } | { readonly every: true };

/** Undefined for what is no such path. */
export function parsePath(text: string): readonly Step[] | undefined {
  if (!text.startsWith('$')) return undefined;
  const steps: Step[] = [];
  const pattern = /\.([^.[\]'"*\s]+)|\[(\d{1,9})\]|(?:\[\*\]|\.\*)/y;
  let at = 1;
  while (at < text.length) {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (!found) return undefined;
    at = pattern.lastIndex;
    steps.push(found[1] !== undefined ? { name: found[1] } : found[2] !== undefined ? { index: Number(found[2]) } : { every: true });
  }
  return steps;
}

/** What is found; undefined when there is nothing. Of several, a list. */
export function readPath(steps: readonly Step[], root: unknown): unknown {
  let found: unknown[] = [root];
  let several = false;
  for (const step of steps) {
    const next: unknown[] = [];
    for (const value of found) {
      if ('every' in step) {
        several = true;
        if (typeof value === 'object' && value !== null) next.push(...Object.values(value));
      } else if ('index' in step) {
        if (Array.isArray(value) && step.index < value.length) next.push(value[step.index]);
      } else if (typeof value === 'object' && value !== null && !Array.isArray(value) && Object.hasOwn(value, step.name)) {
        next.push((value as Record<string, unknown>)[step.name]);
      }
    }
    found = next;
  }
  return several ? found : found[0];
}
