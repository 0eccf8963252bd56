// What a policy document becomes once it has been read, and what is asked of it.

import type { Pattern } from './pattern.ts';

export type Effect = 'Allow' | 'Deny';

/** A document, compiled: evaluating it needs no further parsing. */
export interface Policy {
  readonly version: '2008-10-17' | '2012-10-17';
  readonly statements: readonly Statement[];
  /** Stands for a stored document that cannot be read: it denies everything, because what it denied is not known any more. */
  readonly unreadable?: true;
}

export interface Statement {
  /** Position in the document, from 0: for explanations. */
  readonly index: number;
  readonly sid: string | undefined;
  readonly effect: Effect;
  readonly actions: ActionSet;
  /** Absent in trust policies, which are about one resource: the role itself. */
  readonly resources: ResourceSet | undefined;
  /** Absent in identity policies, which speak of whoever they are attached to. */
  readonly principals: PrincipalSet | undefined;
  readonly conditions: readonly Condition[];
}

/** `Action` or (`negated`) `NotAction`. Patterns with a literal service prefix are found by it, the rest are tried one by one. */
export interface ActionSet {
  readonly negated: boolean;
  readonly byService: ReadonlyMap<string, readonly Pattern[]>;
  readonly anyService: readonly Pattern[];
}

/** `Resource` or `NotResource`. */
export interface ResourceSet {
  readonly negated: boolean;
  readonly patterns: readonly ResourcePattern[];
}

/** An ARN pattern is matched part by part, so that a wildcard stays within its part; anything else is matched as a whole. */
export type ResourcePattern = { readonly kind: 'whole'; readonly pattern: Pattern } | { readonly kind: 'arn'; readonly parts: readonly Pattern[] };

/** `Principal` or `NotPrincipal`. */
export interface PrincipalSet {
  readonly negated: boolean;
  /** `"*"` or `{"AWS": "*"}`. */
  readonly everyone: boolean;
  /** Account ids, given as such or as the account's root ARN. */
  readonly accounts: ReadonlySet<string>;
  /** ARNs of users, roles and role sessions, and unique ids. */
  readonly identities: ReadonlySet<string>;
  readonly services: ReadonlySet<string>;
  readonly federated: ReadonlySet<string>;
}

/** One key of a `Condition` block; all conditions of a statement must hold. */
export interface Condition {
  readonly operator: string;
  readonly quantifier: 'one' | 'all' | 'any';
  readonly ifExists: boolean;
  /** In lower case: AWS compares condition keys without regard to case. */
  readonly key: string;
  /** The key as written. */
  readonly name: string;
  readonly values: readonly Operand[];
}

export interface Operand {
  readonly pattern: Pattern;
  /** The parts of an ARN pattern, for the ARN operators. */
  readonly arn: readonly Pattern[] | undefined;
  /** Whether an address lies in the block that the value names, for the IP address operators. */
  readonly block: ((address: string) => boolean) | undefined;
}

/** Who asks. A `Caller` of the identity port fits as it is. */
export type RequestPrincipal =
  | { readonly kind: 'root'; readonly account: string; readonly arn: string; readonly userId?: string }
  | { readonly kind: 'user'; readonly account: string; readonly arn: string; readonly userId?: string; readonly userName: string }
  | {
      readonly kind: 'role-session';
      readonly account: string;
      /** `arn:aws:sts::…:assumed-role/role/session`. */
      readonly arn: string;
      readonly roleArn: string;
      readonly userId?: string;
      readonly sessionName: string;
    }
  | {
      readonly kind: 'federated-user';
      readonly account: string;
      /** `arn:aws:sts::…:federated-user/name`. */
      readonly arn: string;
      /** Who asked for the session: an IAM user, or the account's root. */
      readonly userArn: string;
      readonly userId?: string;
    }
  | { readonly kind: 'service'; readonly service: string }
  | { readonly kind: 'federated'; readonly provider: string }
  | { readonly kind: 'anonymous' };

/** Condition keys in lower case, each with its values. */
export interface ConditionContext {
  get(key: string): readonly string[] | undefined;
}

export interface PolicyRequest {
  readonly principal: RequestPrincipal;
  /** `service:Action`. */
  readonly action: string;
  /** An ARN, or `*`. */
  readonly resource: string;
  /** The parts of the resource's ARN, where many patterns are held against them. */
  readonly resourceParts?: readonly string[];
  /** Whose resource it is; taken from the ARN when absent, and the caller's own where the ARN names none. */
  readonly resourceAccount?: string;
  readonly context: ConditionContext;
}

/** A statement and the policy of its set that it stands in. */
export interface Candidate {
  readonly policy: number;
  readonly statement: Statement;
  readonly unreadable: boolean;
}

/** The statements that speak about one action, in the order of the documents. */
export interface Candidates {
  readonly denies: readonly Candidate[];
  readonly allows: readonly Candidate[];
}

/** Compiled documents that count as one, with what they are called: an ARN, or `inline:<name>`. */
export interface PolicySet {
  readonly sources: readonly string[];
  readonly statements: {
    about(action: string): Candidates;
    /** Those among them that may be about the resource too: the rest cannot apply, whatever else a request tells. */
    near(action: string, resource: string, resourceParts: readonly string[]): Candidates;
  };
}

export interface ApplicablePolicies {
  readonly identity: readonly PolicySet[];
  readonly boundary?: readonly PolicySet[] | undefined;
  /** Present (even if empty) when the session was made with policies: then they must allow as well. */
  readonly session?: readonly PolicySet[] | undefined;
  readonly resource?: readonly PolicySet[] | undefined;
  /** The resource's policy must allow whoever asks, as for a role's trust policy (IAM user guide, "Policy evaluation logic"). */
  readonly resourceRequired?: boolean | undefined;
  /** One entry per level of the caller's organisation, from its root down; every level must allow. */
  readonly serviceControl?: readonly (readonly PolicySet[])[] | undefined;
  /** The same for the organisation of the resource's account. */
  readonly resourceControl?: readonly (readonly PolicySet[])[] | undefined;
}

export type PolicyLayer = 'identity' | 'boundary' | 'session' | 'resource' | 'service-control' | 'resource-control';

export type Evaluation =
  | { readonly decision: 'allow'; readonly deciding: DecidingStatement | undefined }
  | { readonly decision: 'explicit-deny'; readonly deciding: DecidingStatement }
  /** `missing` is the first layer that would have had to allow and did not. */
  | { readonly decision: 'implicit-deny'; readonly missing: PolicyLayer };

export interface DecidingStatement {
  readonly layer: PolicyLayer;
  readonly source: string;
  readonly index: number;
  readonly sid: string | undefined;
  /** It stands for a document that cannot be read. */
  readonly unreadable?: true;
}
