// What AWS knows of each service's actions, resources and condition keys (Service Authorization Reference), from generated
// files (tools/accessData.mjs).

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../base/packageRoot.ts';

export interface ServiceActions {
  /** As in `lambda:InvokeFunction`. */
  readonly prefix: string;
  readonly fullName: string;
  readonly actions: Readonly<Record<string, ActionFacts>>;
  /** The form of the ARN of each resource type. */
  readonly resources: Readonly<Record<string, string>>;
  /** The types of condition keys. */
  readonly keys: Readonly<Record<string, string>>;
}

export interface ActionFacts {
  readonly level: string;
  /** Resource types; absent for actions without resource-level permissions. */
  readonly on?: readonly string[];
  /** The resource types among them that a request must name. */
  readonly must?: readonly string[];
}

export interface ActionCatalogue {
  /** Prefixes of the services that are known, with their full names. */
  readonly services: Readonly<Record<string, string>>;
  readonly globalKeys: readonly string[];
  find(prefix: string): ServiceActions | undefined;
}

/** Reads a service's file when it is first asked for. */
export function createActionCatalogue(): ActionCatalogue {
  const { services, globalKeys } = readData<Pick<ActionCatalogue, 'services' | 'globalKeys'>>('index');
  const loaded = new Map<string, ServiceActions>();
  return {
    services,
    globalKeys,
    find(prefix) {
      if (!Object.hasOwn(services, prefix)) return undefined;
      const known = loaded.get(prefix) ?? readData<ServiceActions>(prefix);
      loaded.set(prefix, known);
      return known;
    },
  };
}

function readData<T>(name: string): T {
  return JSON.parse(readFileSync(join(packageRoot, 'src/policy/actions', `${name}.json`), 'utf8')) as T;
}
