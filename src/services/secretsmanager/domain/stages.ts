// Staging labels: each is attached to one version at a time (user guide, "Secret versions").
import { invalidParameter, limitExceeded } from '../errors.ts';
import { stagesMax } from '../limits.ts';
import { isWellFormed } from './versionId.ts';

/** Label -> version id. */
export type Stages = Readonly<Record<string, string>>;

export const current = 'AWSCURRENT';
export const previous = 'AWSPREVIOUS';
export const pending = 'AWSPENDING';

/** The version that a label is attached to. Labels are users' words, and some of them are members of every object. */
export function holderOf(stages: Stages, label: string): string | undefined {
  return Object.hasOwn(stages, label) ? stages[label] : undefined;
}

/** Attaches labels to a version, taking them from whichever had them. AWSPREVIOUS follows AWSCURRENT by itself. */
export function attachStages(stages: Stages, versionId: string, labels: readonly string[]): Stages {
  const next: Record<string, string> = { ...stages };
  for (const label of labels) {
    requireLabel(label);
    const holder = holderOf(next, label);
    if (label === current && holder !== undefined && holder !== versionId) next[previous] = holder;
    next[label] = versionId;
  }
  if (next[previous] === next[current] && next[previous] !== undefined && labels.includes(current)) delete next[previous];
  if (Object.keys(next).length > stagesMax) throw limitExceeded(`You can't attach more than ${stagesMax} staging labels to the versions of a secret.`);
  return next;
}

function requireLabel(label: string): void {
  if (label === '__proto__' || !isWellFormed(label)) throw invalidParameter('The staging label is not valid.');
}

/** The labels of one version, in the order in which AWS answers them. */
export function stagesOf(stages: Stages, versionId: string): string[] {
  return Object.keys(stages)
    .filter((label) => stages[label] === versionId)
    .sort();
}

/** Version id -> labels, for versions that have any. */
export function versionsToStages(stages: Stages): Record<string, string[]> {
  return Object.fromEntries([...new Set(Object.values(stages))].map((versionId) => [versionId, stagesOf(stages, versionId)]));
}

export interface StageMove {
  readonly label: string;
  readonly removeFrom: string | undefined;
  readonly moveTo: string | undefined;
}

/** UpdateSecretVersionStage. That the versions exist is the caller's to know. */
export function moveStage(stages: Stages, { label, removeFrom, moveTo }: StageMove): Stages {
  const holder = holderOf(stages, label);
  if (removeFrom === undefined && moveTo === undefined) throw invalidParameter('You must provide RemoveFromVersionId, MoveToVersionId, or both.');
  if (removeFrom !== undefined && removeFrom !== holder) {
    throw invalidParameter(
      holder === undefined
        ? `Staging label ${label} is not attached to version ${removeFrom}.`
        : `Staging label ${label} is currently attached to version ${holder}, so you must explicitly reference that version in RemoveFromVersionId.`,
    );
  }
  if (moveTo === undefined) {
    if (label === current) throw invalidParameter(`You can only move staging label ${current} to a different secret version. It can’t be completely removed.`);
    const { [label]: _removed, ...rest } = stages;
    return rest;
  }
  if (holder !== undefined && holder !== moveTo && removeFrom === undefined) {
    throw invalidParameter(
      `The parameter RemoveFromVersionId can't be empty. Staging label ${label} is currently attached to version ${holder}, so you must explicitly reference that version in RemoveFromVersionId.`,
    );
  }
  return attachStages(stages, moveTo, [label]);
}
