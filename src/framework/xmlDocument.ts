// XML documents of others, with their namespaces: SAML. What services are sent by the shapes of the model is read by wire/.

import { parseXml, type XmlElement } from '../wire/xmlTree.ts';

export interface XmlNode {
  /** '' for none. */
  readonly namespace: string;
  readonly name: string;
  /** By full name, prefix included. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlNode[];
  /** Its own text, without that of its children. */
  readonly text: string;
}

/**
 * The root of a document, or undefined for what is not well-formed, nests too deep or has a document type: there are no entities to expand
 * and nothing to fetch. `strict` also refuses comments, CDATA and processing instructions, which are ways to show two readers two texts.
 */
export function readXmlDocument(text: string, how: 'strict' | 'lenient' = 'lenient'): XmlNode | undefined {
  if (how === 'strict' && /<!|<\?(?!xml\s)|[^\s\ufeff]\s*<\?xml/.test(text)) return undefined;
  const root = parseXml(text);
  return root && withNamespaces(root, new Map([['xml', 'http://www.w3.org/XML/1998/namespace']]));
}

/** The children of this name. */
export function childrenOf(node: XmlNode, namespace: string, name: string): readonly XmlNode[] {
  return node.children.filter((child) => child.namespace === namespace && child.name === name);
}

/** Every node below and including this one. */
export function* walk(node: XmlNode): Generator<XmlNode> {
  yield node;
  for (const child of node.children) yield* walk(child);
}

// Undefined for a prefix that nothing declares.
function withNamespaces(element: XmlElement, outer: ReadonlyMap<string, string>): XmlNode | undefined {
  let scope = outer;
  for (const [name, value] of Object.entries(element.attributes)) {
    const prefix = name === 'xmlns' ? '' : name.startsWith('xmlns:') ? name.slice(6) : undefined;
    if (prefix === undefined) continue;
    if (scope === outer) scope = new Map(outer);
    (scope as Map<string, string>).set(prefix, value);
  }
  const namespace = scope.get(element.prefix) ?? (element.prefix === '' ? '' : undefined);
  if (namespace === undefined) return undefined;
  const children: XmlNode[] = [];
  for (const child of element.children) {
    const read = withNamespaces(child, scope);
    if (!read) return undefined;
    children.push(read);
  }
  return { namespace, name: element.name, attributes: element.attributes, children, text: element.text };
}
