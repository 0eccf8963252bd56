// Who calls, and what the identity service tells others about roles, keys and policies.

interface Principal {
  readonly account: string;
  readonly arn: string;
  /** What STS GetCallerIdentity answers as UserId. */
  readonly userId: string;
}

/** Who asked for a federated session: a user, or the account's root. */
export type FederatedOwner = { readonly kind: 'root' } | { readonly kind: 'user'; readonly userName: string; readonly userId: string };

/** What a session hands on to the sessions of the roles that it assumes (IAM user guide, "Chaining roles with session tags"). */
export interface CarriedOver {
  /** Its transitive tags. */
  readonly tags: Readonly<Record<string, string>>;
  readonly sourceIdentity?: string;
}

/** The identity behind a request. `root` also stands for keys unknown to Haneul while it listens on loopback only. */
export type Caller =
  | ({ readonly kind: 'root' } & Principal)
  | ({ readonly kind: 'user'; readonly userName: string } & Principal)
  | ({ readonly kind: 'role-session'; readonly roleArn: string; readonly roleName: string; readonly sessionName: string; readonly carried?: CarriedOver } & Principal)
  /** A session of GetFederationToken: it has what both its user's policies and its own allow. */
  | ({ readonly kind: 'federated-user'; readonly userArn: string; readonly owner: FederatedOwner } & Principal)
  | { readonly kind: 'anonymous'; readonly account: string };

/** A key pair that Haneul issued. */
export interface IssuedCredential {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Present for temporary credentials: the request must carry exactly this token. */
  readonly sessionToken?: string;
  /** Product time unless `expiresBy` says otherwise; absent for long-term keys. */
  readonly expiresAtMs?: number;
  /** Wall time: keys that were put into a running process, which cannot be given others when product time is moved. */
  readonly expiresBy?: 'wall';
  readonly active: boolean;
  readonly caller: Caller;
  /** Policies passed when the session was made; they only ever narrow. */
  readonly sessionPolicies?: readonly PolicyText[];
  /** A session for a role that did not exist when it was made, which only local mode tolerates: nothing is enforced on it. */
  readonly roleMissing?: true;
  /** Condition keys that were fixed when the session was made (`aws:PrincipalTag/…`, `aws:SourceIdentity`). */
  readonly conditions?: Readonly<Record<string, string>>;
}

export interface PolicyText {
  /** For explanations: an ARN, or `inline:<name>`. */
  readonly source: string;
  /** The document as JSON text. */
  readonly document: string;
}

/** Everything that decides what one caller may do, apart from resource policies. */
export interface CallerPolicies {
  readonly identity: readonly PolicyText[];
  readonly boundary?: PolicyText;
  readonly session?: readonly PolicyText[];
  /** Service control policies: one list per level of the caller's organisation, from its root down; every level must allow. */
  readonly serviceControl?: readonly (readonly PolicyText[])[];
  /** Condition keys that come with the caller: its tags (`aws:PrincipalTag/…`) and those of its session. */
  readonly conditions?: Readonly<Record<string, string>>;
}

/** Asked by the handler chain for every signed request. */
export interface CredentialDirectory {
  findCredential(accessKeyId: string): Promise<IssuedCredential | undefined>;
  policiesOf(caller: Caller, credential: IssuedCredential | undefined): Promise<CallerPolicies>;
  /** Whether service control policies bind the account: then they bind even its root. */
  isControlled?(account: string): boolean;
}

export interface RoleDescription {
  readonly arn: string;
  readonly roleName: string;
  readonly roleId: string;
  readonly account: string;
  /** JSON text of the trust policy. */
  readonly trustPolicy: string;
  readonly maxSessionSeconds: number;
}

export interface SessionRequest {
  readonly roleArn: string;
  readonly sessionName: string;
  readonly durationSeconds: number;
  /** Whose process it is for, in what is said about a role that does not exist. */
  readonly account?: string;
}

/** Asked by services that act in a role (Lambda's execution role). */
export interface RoleDirectory {
  findRole(roleArn: string): Promise<RoleDescription | undefined>;
  /** True when the role's trust policy lets this service principal (`lambda.amazonaws.com`) assume it. */
  trustsService(role: RoleDescription, servicePrincipal: string): boolean;
  /**
   * Temporary credentials for a role, for a running process: durable like those of AssumeRole, but they expire by wall time, so that
   * moving product time breaks no process that holds them. For a role that does not exist (tolerated in
   * local mode) the session carries no policies of its own and is marked so by `findCredential`.
   */
  issueSession(request: SessionRequest): Promise<TemporaryCredential>;
}

/** Told by services that find a role missing where that is tolerated. */
export interface MissingRoles {
  /** Warns of it, once, with what makes it exist; so does {@link RoleDirectory.issueSession}. */
  reportMissing(role: { readonly roleArn: string; readonly account: string | undefined }): void;
}

export type TemporaryCredential = Required<Pick<IssuedCredential, 'accessKeyId' | 'secretAccessKey' | 'sessionToken' | 'expiresAtMs'>>;

export interface SessionGrant {
  /** Who acts with the session. */
  readonly caller: Caller;
  readonly durationSeconds: number;
  /** Narrow the session; present even if empty when any were passed. */
  readonly policies?: readonly PolicyText[];
  readonly conditions?: Readonly<Record<string, string>>;
}

/** Asked by STS, whose sessions live with the other credentials: every request finds its key with one read. */
export interface SessionIssuer {
  issue(grant: SessionGrant): Promise<TemporaryCredential>;
  /** The documents of managed policies by ARN, undefined where there is none: for sessions narrowed by them. */
  findPolicyDocuments(account: string, policyArns: readonly string[]): Promise<(string | undefined)[]>;
}

/** An OpenID Connect provider that an account trusts. */
export interface OpenIdProvider {
  readonly arn: string;
  /** What tokens name as their issuer. */
  readonly issuer: string;
  /** The issuer without its scheme, as condition keys begin with it. */
  readonly name: string;
  readonly clientIds: readonly string[];
  /** SHA-1 of certificates, lower-case hex: for issuers whose certificate no public authority vouches for. */
  readonly thumbprints: readonly string[];
}

/** A SAML identity provider that an account trusts. */
export interface SamlProvider {
  readonly arn: string;
  readonly account: string;
  readonly name: string;
  /** What assertions name as their issuer: the entity id of the metadata. */
  readonly issuer: string;
  /** With which it may sign: DER, base64. */
  readonly certificates: readonly string[];
  /** Where the metadata says so. */
  readonly validUntilMs?: number;
}

/** Asked by STS for what accounts trust besides their own credentials. */
export interface FederationDirectory {
  /** Undefined too for what is no provider's ARN. */
  findSamlProvider(arn: string): Promise<SamlProvider | undefined>;
  /** By the issuer that a token names. */
  findOpenIdProvider(account: string, issuer: string): Promise<OpenIdProvider | undefined>;
}

export interface MfaAttempt {
  readonly caller: Caller;
  readonly serialNumber: string;
  readonly code: string;
}

/** The second factors of users, asked by STS. */
export interface MfaDirectory {
  /** `unknown-device` when the device is not the caller's. A code stays valid. */
  checkCode(attempt: MfaAttempt): Promise<'right' | 'wrong' | 'unknown-device'>;
  /** The same, and a right code is right only once. */
  useCode(attempt: MfaAttempt): Promise<'right' | 'wrong' | 'unknown-device'>;
}
