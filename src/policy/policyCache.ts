import { compiledPoliciesMax } from './limits.ts';
import { parsePolicy } from './parsePolicy.ts';
import { createPolicySet, createStatements } from './policySet.ts';
import { unreadablePolicy } from './unreadablePolicy.ts';
import type { Policy, PolicySet } from './types.ts';

export interface SourcedText {
  readonly source: string;
  /** JSON text. */
  readonly document: string;
}

/** Compiles stored documents, each once. */
export interface PolicyCache {
  /** Of a text that is no policy, one that denies everything. */
  compile(text: string): Policy;
  /**
   * The documents as one set. Made once for each list: what applies to a caller is kept as the same list until it changes,
   * and its compiled form lives as long.
   */
  setOf(texts: readonly SourcedText[]): PolicySet;
  /** One document that comes as text with every request: a resource's own policy. */
  single(text: SourcedText): PolicySet;
}

interface Compiled {
  readonly policy: Policy;
  readonly statements: PolicySet['statements'];
}

/** A bounded cache: the documents used least recently are forgotten first. */
export function createPolicyCache(entriesMax: number = compiledPoliciesMax): PolicyCache {
  const compiled = new Map<string, Compiled>();
  const sets = new WeakMap<readonly SourcedText[], PolicySet>();

  function compiledOf(text: string): Compiled {
    const found = compiled.get(text) ?? compileStored(text);
    compiled.delete(text);
    compiled.set(text, found);
    if (compiled.size > entriesMax) for (const oldest of [...compiled.keys()].slice(0, 1)) compiled.delete(oldest);
    return found;
  }

  return {
    compile: (text) => compiledOf(text).policy,
    setOf(texts) {
      const known = sets.get(texts);
      if (known) return known;
      const set = createPolicySet(texts.map(({ source, document }) => ({ source, policy: compiledOf(document).policy })));
      sets.set(texts, set);
      return set;
    },
    single: ({ source, document }) => ({ sources: [source], statements: compiledOf(document).statements }),
  };
}

// What is stored was checked when it was stored, by the rules of its own kind; here only the grammar counts.
function compileStored(text: string): Compiled {
  const parsed = parsePolicy(text, 'stored');
  const policy = 'policy' in parsed ? parsed.policy : unreadablePolicy;
  return { policy, statements: createStatements([policy]) };
}
