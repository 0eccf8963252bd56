// What a target gets of an event: Input, InputPath or InputTransformer (user guide, "Amazon EventBridge input transformation").

import { parsePath, readPath } from '../../../pattern/jsonPath.ts';
import { eventTime } from './eventRecord.ts';

export interface InputSettings {
  readonly Input?: string;
  readonly InputPath?: string;
  readonly InputTransformer?: { readonly InputPathsMap?: Readonly<Record<string, string>>; readonly InputTemplate: string };
}

export interface InputContext {
  readonly ruleArn: string;
  readonly ruleName: string;
  readonly ingestedAtMs: number;
  /** What the result may be at most. */
  readonly bytesMax: number;
}

/** It cannot be made; `message` says why. */
export class InputProblem extends Error {}

const reserved: Readonly<Record<string, true>> = {
  'aws.events.rule-arn': true,
  'aws.events.rule-name': true,
  'aws.events.event.ingestion-time': true,
  'aws.events.event': true,
  'aws.events.event.json': true,
};

const placeholder = /<([A-Za-z0-9_\-.]+)>/g;

/** The text for a target. Throws {@link InputProblem}. */
export function makeInput(settings: InputSettings, eventText: string, context: InputContext): string {
  if (settings.Input !== undefined) return settings.Input;
  if (settings.InputPath === undefined && settings.InputTransformer === undefined) return eventText;
  const event: unknown = JSON.parse(eventText);
  if (settings.InputPath !== undefined) {
    const found = readPath(parsePath(settings.InputPath) ?? [], event);
    return JSON.stringify(found === undefined ? null : found);
  }
  const { InputPathsMap = {}, InputTemplate = '' } = settings.InputTransformer ?? {};
  const values = new Map<string, unknown>();
  const valueOf = (name: string): unknown => {
    if (!values.has(name)) values.set(name, name in reserved ? reservedValue(name, event, context) : readPath(parsePath(InputPathsMap[name] ?? '') ?? [], InputPathsMap[name] === undefined ? undefined : event));
    return values.get(name);
  };
  return isJsonTemplate(InputTemplate) ? fillJson(InputTemplate, valueOf, context.bytesMax) : fillText(InputTemplate, valueOf, context.bytesMax);
}

/** Templates of text are quoted; the rest are JSON. */
export function isJsonTemplate(template: string): boolean {
  return template.trimStart().startsWith('{');
}

/** What is wrong with a template; undefined when nothing is. `id` is the target's. */
export function templateProblem(id: string, template: string, names: ReadonlySet<string>): string | undefined {
  for (const [, name = ''] of template.matchAll(placeholder)) {
    if ((name === 'aws.events.event.json' || name === 'aws.events.event') && !isJsonTemplate(template)) {
      return `InputTemplate for target ${id} contains placeholder ${name} valid only for JSON template.`;
    }
    if (!(name in reserved) && !names.has(name)) return `InputTemplate for target ${id} contains invalid placeholder ${name}.`;
  }
  // Outside of quotes a placeholder stands for a value, inside for a part of a text.
  const sample = template.replace(placeholder, (found, _name: string, at: number) => (isInText(template, at) ? 'x' : found.length > 0 ? '0' : ''));
  try {
    if (isJsonTemplate(template)) JSON.parse(sample);
    else for (const line of sample.split('\n')) if (line.trim() !== '') JSON.parse(line);
  } catch {
    return `Invalid InputTemplate for target ${id} : the template is neither JSON nor a quoted text.`;
  }
  return undefined;
}

function reservedValue(name: string, event: unknown, { ruleArn, ruleName, ingestedAtMs }: InputContext): unknown {
  switch (name) {
    case 'aws.events.rule-arn':
      return ruleArn;
    case 'aws.events.rule-name':
      return ruleName;
    case 'aws.events.event.ingestion-time':
      return eventTime(ingestedAtMs);
    case 'aws.events.event': {
      // "The original event payload as JSON, without the detail field."
      const { detail: _detail, ...rest } = event as Record<string, unknown>;
      return rest;
    }
    default:
      return event;
  }
}

function fillJson(template: string, valueOf: (name: string) => unknown, bytesMax: number): string {
  const filled = fill(template, bytesMax, (name, at) => {
    const value = valueOf(name);
    if (!isInText(template, at)) return value === undefined ? '""' : JSON.stringify(value);
    return JSON.stringify(plainText(value)).slice(1, -1);
  });
  try {
    return JSON.stringify(JSON.parse(filled));
  } catch {
    throw new InputProblem('The input transformer made a text that is not JSON.');
  }
}

// "Quotes in the values of text templates are removed": objects and lists become texts without them.
function fillText(template: string, valueOf: (name: string) => unknown, bytesMax: number): string {
  const lines = template.split('\n').filter((line) => line.trim() !== '');
  const filled = lines.map((line) =>
    fill(line, bytesMax, (name) => {
      const value = valueOf(name);
      return typeof value === 'object' && value !== null ? JSON.stringify(value).replaceAll('"', '') : plainText(value);
    }),
  );
  return filled.join('\n');
}

function fill(template: string, bytesMax: number, textOf: (name: string, at: number) => string): string {
  const pieces: string[] = [];
  let length = 0;
  let from = 0;
  const add = (piece: string): void => {
    length += piece.length;
    if (length > bytesMax) throw new InputProblem('The input transformer made a text that is too long.');
    pieces.push(piece);
  };
  for (const found of template.matchAll(placeholder)) {
    add(template.slice(from, found.index));
    add(textOf(found[1] ?? '', found.index));
    from = found.index + found[0].length;
  }
  add(template.slice(from));
  return pieces.join('');
}

const plainText = (value: unknown): string => (value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value));

/** Whether a place in a template lies between quotes. */
function isInText(template: string, at: number): boolean {
  let quoted = false;
  for (let index = 0; index < at; index += 1) {
    const letter = template.charCodeAt(index);
    if (letter === 0x5c) index += 1;
    else if (letter === 0x22) quoted = !quoted;
  }
  return quoted;
}
