import { hostSourceSchema, roleSchema } from '@cpu-atlas/contract';

/**
 * What a hub keeps. Content (snapshots, catalogs) is immutable and named by its hash; observations append; whatever else
 * changes leaves a line in the audit. Both engines keep the same tables and answer the same.
 *
 * All methods throw STORE_FAILED where the engine does not answer; writes throw STORE_BUSY where too many wait. What a
 * write resolved to survives `kill -9`.
 */
export interface Store {
  readonly engine: StoreEngine;
  /** Other processes may change what is stored; false: this one alone can. */
  readonly isShared: boolean;
  readonly contents: ContentStore;
  readonly observations: ObservationStore;
  readonly access: AccessStore;
  readonly audit: AuditStore;
  readonly changes: ChangeFeed;
  readonly commands: CommandStore;
  readonly customModels: CustomModelStore;
  /** Milliseconds since 1970 on the clock that all hubs of this store share: of PostgreSQL, or of this machine. */
  nowMs(): number;
  /** Forgets what the policy no longer keeps; never what is current. */
  applyRetention(policy: RetentionPolicy): Promise<RetentionReport>;
  /** A read and a write that leave nothing behind: whether the store works at this moment. @throws STORE_FAILED */
  check(): Promise<void>;
  close(): Promise<void>;
}

export const storeEngines = ['sqlite', 'postgresql'] as const;
export type StoreEngine = (typeof storeEngines)[number];

/** From where a host is known: the server's own probe, an agent that joined, an import, or the demo fleet. */
export const hostSources = hostSourceSchema.options;
export type HostSource = (typeof hostSources)[number];

// --- content ---

/** JSON text, as UTF-8, and what is asked of it without reading it. */
export interface StoredSnapshot {
  readonly hash: string;
  readonly hostId: string;
  /** Equal for hosts whose resolutions are equal. */
  readonly fingerprint: string;
  readonly body: Uint8Array;
}

/** A snapshot that is to be stored. */
export interface NewSnapshot extends Omit<StoredSnapshot, 'body'> {
  /** The text, or what somebody has packed already. */
  readonly body: Uint8Array | PackedText;
}

/** Text as gzip. */
export interface PackedText {
  readonly gzip: Uint8Array;
  /** Of the text. */
  readonly sizeBytes: number;
}

export interface StoredCatalog {
  readonly hash: string;
  readonly version: string;
  readonly package: string;
  readonly body: Uint8Array;
}

export interface CatalogRow {
  readonly hash: string;
  readonly version: string;
  readonly package: string;
  readonly sizeBytes: number;
  readonly storedAtMs: number;
}

export interface ContentStore {
  /** Writes what is not there yet, all or nothing. */
  putSnapshots(snapshots: readonly NewSnapshot[]): Promise<void>;
  snapshot(hash: string): Promise<StoredSnapshot | null>;
  /** Those of the hashes that are stored. */
  knownSnapshots(hashes: readonly string[]): Promise<ReadonlySet<string>>;
  /** One snapshot for each fingerprint, of those asked for that are there. */
  snapshotsByFingerprint(fingerprints: readonly string[]): Promise<ReadonlyMap<string, StoredSnapshot>>;
  putCatalog(catalog: StoredCatalog): Promise<void>;
  catalog(hash: string): Promise<StoredCatalog | null>;
  catalogs(): Promise<readonly CatalogRow[]>;
  /** Bytes that can be computed again, by a key that names all that they were computed from. */
  putDerived(entries: ReadonlyMap<string, Uint8Array>): Promise<void>;
  derived(keys: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>>;
}

// --- observations ---

/** A host said that it is there and what it looks like. The snapshot must be stored before. */
export interface Contact {
  readonly hostId: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly source: HostSource;
  readonly snapshotHash: string;
  readonly fingerprint: string;
  /** When the snapshot was taken, on the store's clock. */
  readonly collectedAtMs: number;
  /** When the host was heard, on the store's clock. */
  readonly seenAtMs: number;
  /** After a silence longer than this the same snapshot counts as a new observation, so that the gap stays visible. */
  readonly gapAfterMs: number;
  /** Version of the agent; null for imports. */
  readonly agentVersion: string | null;
  /** Whether an agent there takes commands. Absent: no. */
  readonly takesCommands?: boolean | undefined;
}

export interface RecordedContact {
  readonly hostId: string;
  readonly observationId: string;
  readonly kind: 'new-host' | 'new-observation' | 'contact';
}

/** A host as last heard. */
export interface HostRow {
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly source: HostSource;
  readonly snapshotHash: string;
  readonly fingerprint: string;
  readonly observationId: string;
  readonly collectedAtMs: number;
  readonly firstSeenAtMs: number;
  readonly lastSeenAtMs: number;
  readonly agentVersion: string | null;
  /** Whether its agent took commands then. */
  readonly takesCommands: boolean;
}

/** One span of time in which a host looked the same. `lastSeenAtMs` grows with each contact. */
export interface ObservationRow {
  readonly id: string;
  readonly hostId: string;
  readonly snapshotHash: string;
  readonly fingerprint: string;
  readonly collectedAtMs: number;
  readonly firstSeenAtMs: number;
  readonly lastSeenAtMs: number;
}

export interface ObservationStore {
  /**
   * One transaction: hosts, observations and change lines. Contacts of one host are taken in order. One that is older
   * than what is known belongs into the past and does not move what is current.
   * @throws SNAPSHOT_NOT_FOUND and writes nothing when one of the snapshots is not stored
   */
  recordContacts(contacts: readonly Contact[]): Promise<readonly RecordedContact[]>;
  host(id: string): Promise<HostRow | null>;
  /** By id, without those that were removed. */
  hostsById(ids: readonly string[]): Promise<ReadonlyMap<string, HostRow>>;
  /** All hosts that were not removed, by name, then id. */
  hosts(): Promise<readonly HostRow[]>;
  /** Newest first. `before` is the id of the last one of the page before. */
  observations(
    hostId: string,
    page: { readonly before?: string | undefined; readonly limit: number },
  ): Promise<readonly ObservationRow[]>;
  /** What each host looked like at that time: the last observation that began then or earlier. */
  observationsAt(atMs: number): Promise<readonly ObservationRow[]>;
  /**
   * Names and labels that an operator gives; they win over what the agent says. The labels replace those that were given
   * before; an empty name takes the given one back. null: no such host.
   */
  relabel(
    hostId: string,
    change: { readonly name?: string | undefined; readonly labels?: Readonly<Record<string, string>> | undefined },
  ): Promise<HostRow | null>;
  /** The host leaves all lists; its observations stay until retention takes them. It comes back with its next contact. */
  remove(hostId: string): Promise<boolean>;
}

// --- access ---

export const roles = roleSchema.options;
export type Role = (typeof roles)[number];

/** A token as stored: what it opens, never the secret. */
export interface TokenRow {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  /** The one host that an agent's token writes; null: bound by its first use, or not an agent's. */
  readonly hostId: string | null;
  readonly createdAtMs: number;
  readonly createdBy: string;
  readonly expiresAtMs: number | null;
  readonly lastUsedAtMs: number | null;
  readonly revokedAtMs: number | null;
}

/** A browser's login. */
export interface SessionRow {
  /** SHA-256 of the cookie's secret, hex. */
  readonly secretHash: string;
  readonly subject: string;
  readonly displayName: string;
  readonly role: Role;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
}

export interface AccessStore {
  /** `secretHash`: SHA-256 of the secret, hex, here and below. */
  createToken(token: Omit<TokenRow, 'lastUsedAtMs' | 'revokedAtMs'>, secretHash: string): Promise<void>;
  /** By secret hash. */
  tokensBySecretHash(secretHashes: readonly string[]): Promise<ReadonlyMap<string, TokenRow>>;
  tokens(): Promise<readonly TokenRow[]>;
  /** Secret hashes of tokens that were revoked at that time or later. */
  tokensRevokedSince(atMs: number): Promise<readonly string[]>;
  /** False: no such token, or revoked before. */
  revokeToken(id: string, atMs: number): Promise<boolean>;
  /** Binds an agent's token to the first host that it writes. False: it is bound to another one. */
  bindToken(id: string, hostId: string): Promise<boolean>;
  touchTokens(usedAtMs: ReadonlyMap<string, number>): Promise<void>;
  createSession(session: SessionRow): Promise<void>;
  session(secretHash: string): Promise<SessionRow | null>;
  /** Never brings the end nearer, nor back a session that ended. False: there is no such session. */
  extendSession(secretHash: string, expiresAtMs: number): Promise<boolean>;
  deleteSession(secretHash: string): Promise<void>;
}

// --- audit ---

export interface AuditEntry {
  readonly atMs: number;
  /** `token:ID`, `oidc:SUBJECT`, `proxy:NAME`, `local`. */
  readonly actor: string;
  readonly role: Role;
  /** Verb and noun: `token.create`, `host.remove`. */
  readonly action: string;
  readonly target: string;
  readonly detail: Readonly<Record<string, string | number | boolean | null>>;
}

export interface AuditRow extends AuditEntry {
  readonly id: string;
}

export interface AuditStore {
  append(entries: readonly AuditEntry[]): Promise<void>;
  /** Newest first. */
  list(page: { readonly before?: string | undefined; readonly limit: number }): Promise<readonly AuditRow[]>;
}

// --- changes ---

export const changeKinds = ['host-new', 'host-observed', 'host-removed', 'host-relabelled', 'catalog-new'] as const;
export type ChangeKind = (typeof changeKinds)[number];

/** One line of the feed that browsers follow. Ids grow in the order in which transactions commit, without regress. */
export interface Change {
  readonly id: number;
  readonly atMs: number;
  readonly kind: ChangeKind;
  /** Host id, or hash of a catalog. */
  readonly subject: string;
}

export interface ChangeFeed {
  /** Id of the newest change; 0 before the first. */
  latest(): Promise<number>;
  /**
   * Oldest first. null: `after` is so old that lines in between were forgotten, or not of this store; the follower must
   * start anew.
   */
  after(id: number, limit: number): Promise<readonly Change[] | null>;
  /**
   * Calls for every change, of this hub and of others, in order, until unsubscribed. Where the store did not answer for so
   * long that changes were forgotten in between, `onLost` is called instead, and the listener must start anew.
   */
  subscribe(listener: (changes: readonly Change[]) => void, onLost?: () => void): () => void;
}

// --- commands ---

/** What one hub wants of a host, which may talk to another hub of the same store. */
export interface OpenCommand {
  readonly id: string;
  readonly hostId: string;
  /** JSON text; the store does not read it. */
  readonly work: string;
  /** After this it is not handed out any more and takes no outcome; on the store's clock. */
  readonly deadlineAtMs: number;
}

/** Steps of a command; the subject of `command-put` is the host, of `command-settled` the command. */
export const commandSteps = ['command-put', 'command-settled'] as const;
export interface CommandStep {
  readonly kind: (typeof commandSteps)[number];
  readonly subject: string;
}

export interface CommandStore {
  /** False: the host has one that is neither answered nor over. */
  put(command: OpenCommand): Promise<boolean>;
  /** All that wait for an outcome. */
  open(): Promise<readonly OpenCommand[]>;
  /** The one that waits for an outcome of that host. */
  openFor(hostId: string): Promise<OpenCommand | null>;
  /**
   * The same, for the run of an agent to do. It belongs to the first taker: it may take it again, because an answer may
   * get lost; nobody else gets it, so that no command is done twice.
   */
  takeFor(hostId: string, taker: string): Promise<OpenCommand | null>;
  /** False: nobody waits for it, or it is over. */
  putOutcome(id: string, outcome: string): Promise<boolean>;
  /** Ends a command; its outcome, if there is one. */
  remove(id: string): Promise<string | null>;
  /** Those of the ids that have an outcome. */
  settled(ids: readonly string[]): Promise<readonly string[]>;
  /** Calls for every step, of all hubs, in order; `onLost` as for the changes. */
  subscribe(listener: (steps: readonly CommandStep[]) => void, onLost: () => void): () => void;
}

// --- custom models ---

/** A version of a custom CPU model; it never changes. */
export interface CustomModelRow {
  readonly name: string;
  /** From 1 on. */
  readonly version: number;
  /** JSON text; the store does not read it. */
  readonly body: string;
  readonly savedAtMs: number;
  /** As in the audit. */
  readonly savedBy: string;
}

export interface CustomModelStore {
  /** The newest version of each that was not removed, by name. */
  list(): Promise<readonly CustomModelRow[]>;
  /** Without version the newest one; null: there is none, or it was removed. Older versions of a removed one stay. */
  find(name: string, version?: number): Promise<CustomModelRow | null>;
  /** Always a new version; its number. */
  save(model: Pick<CustomModelRow, 'name' | 'body' | 'savedBy'>): Promise<number>;
  /** It leaves the list. False: it is not there. */
  remove(name: string, removedBy: string): Promise<boolean>;
}

// --- retention ---

export interface RetentionPolicy {
  /** Observations that ended longer ago are forgotten; null: none. The current one of each host stays. */
  readonly observationsMs: number | null;
  readonly auditMs: number | null;
  readonly changesMs: number;
  /** Derived entries that were written longer ago; null: none. Absent: 30 days. */
  readonly derivedMs?: number | null | undefined;
}

export interface RetentionReport {
  readonly observations: number;
  readonly snapshots: number;
  readonly auditLines: number;
  readonly changes: number;
  readonly derived: number;
}
