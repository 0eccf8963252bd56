// Where the statements of a document stand in its text, for the simulator.

export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface Span {
  readonly start: Position;
  readonly end: Position;
}

/**
 * The spans of the statements of a document that is known to be valid JSON. A position lies behind a character, counted from 1,
 * and a statement starts behind whatever stands before it: the bracket of its list, or the statement before. That is what the
 * simulator answers for AWS's own policies, whose text is known (`AdministratorAccess`: line 3, column 17 to line 8, column 6).
 */
export function findStatementSpans(text: string): Span[] {
  let spans: Span[] = [];
  let depth = 0;
  let key: string | undefined;
  let isValue = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '"') {
      const end = endOfString(text, at);
      if (depth === 1 && !isValue) key = JSON.parse(text.slice(at, end)) as string;
      at = end - 1;
    } else if (character === ':') isValue = true;
    else if (character === ',' && depth === 1) isValue = false;
    else if (character === '{' || character === '[') {
      if (depth === 1 && key === 'Statement') {
        const end = endOfValue(text, at);
        // Of a member that stands twice the last one counts.
        spans = character === '{' ? [spanOf(text, at + 1, end)] : spansOfList(text, at, end);
        at = end - 1;
      } else depth += 1;
    } else if (character === '}' || character === ']') depth -= 1;
  }
  return spans;
}

function spansOfList(text: string, open: number, close: number): Span[] {
  const spans: Span[] = [];
  let before = open + 1;
  for (let at = open + 1; at < close; at += 1) {
    if (text.charAt(at) !== '{') continue;
    const end = endOfValue(text, at);
    spans.push(spanOf(text, before, end));
    before = end;
    at = end - 1;
  }
  return spans;
}

/** The index behind the object or list that opens at `open`. */
function endOfValue(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '"') at = endOfString(text, at) - 1;
    else if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return text.length;
}

function endOfString(text: string, open: number): number {
  for (let at = open + 1; at < text.length; at += 1) {
    if (text.charAt(at) === '\\') at += 1;
    else if (text.charAt(at) === '"') return at + 1;
  }
  return text.length;
}

function spanOf(text: string, start: number, end: number): Span {
  return { start: positionOf(text, start), end: positionOf(text, end) };
}

function positionOf(text: string, index: number): Position {
  const before = text.slice(0, index);
  return { line: before.split('\n').length, column: index - before.lastIndexOf('\n') };
}
