// A layer is named by its name or ARN, one of its versions by number or by an ARN that ends with it.
import { formatArn } from '../../../base/arn.ts';
import type { Place } from '../domain/functionName.ts';
import { errors } from '../errors.ts';

export interface LayerReference extends Place {
  readonly name: string;
}

export interface LayerVersionReference extends LayerReference {
  readonly version: number;
}

const form = /^arn:aws[a-zA-Z-]*:lambda:([a-z0-9-]+):(\d{12}):layer:([a-zA-Z0-9-_]{1,140})(?::(\d{1,15}))?$/;

/** The layer that a name or ARN means, seen from `here`. */
export function parseLayerName(text: string, here: Place): LayerReference {
  const match = form.exec(text);
  if (match === null) return { account: here.account, region: here.region, name: text };
  const [, region = '', account = '', name = ''] = match;
  if (region !== here.region) throw errors.noPolicy();
  return { account, region, name };
}

/** The layer version that an ARN means; undefined for anything else. */
export function parseLayerVersionArn(text: string): LayerVersionReference | undefined {
  const [, region = '', account = '', name = '', version] = form.exec(text) ?? [];
  return version === undefined ? undefined : { account, region, name, version: Number(version) };
}

export const layerArn = ({ account, region, name }: LayerReference): string => formatArn({ service: 'lambda', region, account, resource: `layer:${name}` });

export const layerVersionArn = (reference: LayerReference, version: number): string => `${layerArn(reference)}:${version}`;

/**
 * AWS publishes these layers in accounts of its own, one for each region. What they bring is here already: the server itself answers at
 * port 2773 of every environment. https://docs.aws.amazon.com/systems-manager/latest/userguide/ps-integration-lambda-extensions.html
 */
export const isBuiltIn = ({ name }: LayerReference): boolean => /^AWS-Parameters-and-Secrets-Lambda-Extension(?:-Arm64)?$/.test(name);
