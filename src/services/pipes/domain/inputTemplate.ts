// What an enrichment or a target gets of an event: the event itself, or what a template makes of it.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-input-transformation.html

import { parsePath, readPath } from '../../../pattern/jsonPath.ts';
import { payloadBytesMax } from '../limits.ts';

/** One event on its way through a pipe. */
export interface PipeEvent {
  /** As it came: from the source with its metadata, or from the enrichment. */
  readonly value: unknown;
  /** The same with its encoded fields opened ("Implicit body data parsing"): what paths look into. */
  readonly opened: unknown;
}

/** What variables stand for besides the event. */
export interface PipeVariables {
  readonly pipeArn: string;
  readonly pipeName: string;
  readonly sourceArn: string;
  readonly enrichmentArn: string;
  readonly targetArn: string;
  /** When the transformer received the event. */
  readonly ingestedAtMs: number;
}

/** It cannot be made; `message` says why. */
export class TemplateProblem extends Error {}

export type Template = (event: PipeEvent, variables: PipeVariables) => string;

type Piece = { readonly text: string } | { readonly read: (event: PipeEvent, variables: PipeVariables) => unknown; readonly quoted: boolean };

const reserved: Readonly<Record<string, (event: PipeEvent, variables: PipeVariables) => unknown>> = {
  'aws.pipes.pipe-arn': (_event, { pipeArn }) => pipeArn,
  'aws.pipes.pipe-name': (_event, { pipeName }) => pipeName,
  'aws.pipes.source-arn': (_event, { sourceArn }) => sourceArn,
  'aws.pipes.enrichment-arn': (_event, { enrichmentArn }) => enrichmentArn,
  'aws.pipes.target-arn': (_event, { targetArn }) => targetArn,
  'aws.pipes.event.ingestion-time': (_event, { ingestedAtMs }) => new Date(ingestedAtMs).toISOString(),
  'aws.pipes.event': ({ value }) => value,
  'aws.pipes.event.json': ({ opened }) => opened,
};

const placeholder = /<(\$[^<>]*|aws\.pipes\.[a-z.-]+)>/g;

/** Throws {@link TemplateProblem} for what is no template. */
export function compileTemplate(template: string): Template {
  const isJson = /^\s*[{[]/.test(template);
  const pieces = piecesOf(template);
  if (isJson) requireJson(pieces);
  return (event, variables) => {
    const text = joinPieces(pieces, isJson, event, variables);
    if (!isJson) return text;
    try {
      return JSON.stringify(JSON.parse(text));
    } catch {
      throw new TemplateProblem('The input template made a text that is not JSON.');
    }
  };
}

function piecesOf(template: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  let quoted = false;
  for (const found of template.matchAll(placeholder)) {
    const text = template.slice(from, found.index);
    quoted = endsInText(text, quoted);
    pieces.push({ text }, { read: readerOf(found[1] ?? ''), quoted });
    from = found.index + found[0].length;
  }
  pieces.push({ text: template.slice(from) });
  return pieces;
}

function readerOf(name: string): (event: PipeEvent, variables: PipeVariables) => unknown {
  if (!name.startsWith('$')) {
    const read = reserved[name];
    if (!read) throw new TemplateProblem(`The input template contains the invalid placeholder ${name}.`);
    return read;
  }
  const path = parsePath(name);
  if (!path) throw new TemplateProblem(`The input template contains the invalid JSON path ${name}.`);
  return ({ opened }) => readPath(path, opened);
}

/** Whether the end of a text lies between quotes, when its beginning does or does not. */
function endsInText(text: string, quoted: boolean): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const letter = text.charCodeAt(index);
    if (letter === 0x5c && quoted) index += 1;
    else if (letter === 0x22) quoted = !quoted;
  }
  return quoted;
}

// Tried with values of every place's kind: what is no JSON then never will be.
function requireJson(pieces: readonly Piece[]): void {
  try {
    JSON.parse(pieces.map((piece) => ('text' in piece ? piece.text : piece.quoted ? '' : '0')).join(''));
  } catch {
    throw new TemplateProblem('The input template is not valid JSON.');
  }
}

function joinPieces(pieces: readonly Piece[], isJson: boolean, event: PipeEvent, variables: PipeVariables): string {
  const parts: string[] = [];
  let length = 0;
  for (const piece of pieces) {
    const part = 'text' in piece ? piece.text : textOf(piece.read(event, variables), isJson, piece.quoted);
    length += part.length;
    if (length > payloadBytesMax) throw new TemplateProblem('The input template made a text that is too long.');
    parts.push(part);
  }
  return parts.join('');
}

// Outside of quotes a placeholder of a JSON template stands for a value, inside for a part of a text; one that leads nowhere is empty.
function textOf(value: unknown, isJson: boolean, quoted: boolean): string {
  if (isJson && !quoted) return value === undefined ? '""' : JSON.stringify(value);
  const text = plainText(value);
  return isJson ? JSON.stringify(text).slice(1, -1) : text;
}

/** Texts as they are, everything else as JSON. */
export const plainText = (value: unknown): string => (value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value));

/** A text that is a JSON document is what it says, any other is itself. */
export function openText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** A parameter of a target that may be a JSON path into the event. */
export function resolveParameter(parameter: string, { opened }: PipeEvent): string {
  const path = parameter.startsWith('$') ? parsePath(parameter) : undefined;
  return path ? plainText(readPath(path, opened)) : parameter;
}
