/**
 * The tables as both engines keep them: plain columns of text, bytes and whole numbers, which every engine that speaks
 * PostgreSQL's protocol has, too. Times are milliseconds since 1970 on the store's clock.
 */
export interface Tables {
  readonly atlas_schema: SchemaTable;
  readonly counters: CounterTable;
  readonly snapshots: SnapshotTable;
  readonly catalogs: CatalogTable;
  readonly derived: DerivedTable;
  readonly hosts: HostTable;
  readonly observations: ObservationTable;
  readonly tokens: TokenTable;
  readonly sessions: SessionTable;
  readonly audit: AuditTable;
  readonly changes: ChangeTable;
  readonly commands: CommandTable;
  readonly custom_models: CustomModelTable;
}

/** One row: the number of migrations that ran. */
export interface SchemaTable {
  readonly id: number;
  readonly version: number;
}

/** Numbers that transactions count up: see `change-log.ts`. */
export interface CounterTable {
  readonly name: 'changes' | 'changes-forgotten' | 'check';
  readonly value: number;
}

export interface SnapshotTable {
  readonly hash: string;
  readonly host_id: string;
  readonly fingerprint: string;
  readonly size_bytes: number;
  readonly stored_at_ms: number;
  /** Packed: see `body-codec.ts`. */
  readonly body: StoredBytes;
}

export interface CatalogTable {
  readonly hash: string;
  readonly version: string;
  readonly package: string;
  readonly size_bytes: number;
  readonly stored_at_ms: number;
  readonly body: StoredBytes;
}

export interface DerivedTable {
  readonly key: string;
  readonly stored_at_ms: number;
  readonly body: StoredBytes;
}

/** A host as last heard. The `last_seen_at_ms` of its current observation is kept here: a heartbeat writes one row. */
export interface HostTable {
  readonly id: string;
  /** What the agent says. */
  readonly name: string;
  /** JSON object. */
  readonly labels: string;
  /** What an operator says; it wins. */
  readonly given_name: string | null;
  readonly given_labels: string | null;
  readonly source: string;
  readonly snapshot_hash: string;
  readonly fingerprint: string;
  readonly observation_id: string;
  readonly collected_at_ms: number;
  readonly first_seen_at_ms: number;
  readonly last_seen_at_ms: number;
  readonly agent_version: string | null;
  readonly removed_at_ms: number | null;
  /** 1: its agent took commands when it was last heard. Null: not, or it was heard by a version that did not keep it. */
  readonly takes_commands: number | null;
}

export interface ObservationTable {
  readonly id: string;
  readonly host_id: string;
  readonly snapshot_hash: string;
  readonly fingerprint: string;
  readonly collected_at_ms: number;
  readonly first_seen_at_ms: number;
  /** Final once another observation followed; until then `hosts.last_seen_at_ms` counts. */
  readonly last_seen_at_ms: number;
}

export interface TokenTable {
  readonly id: string;
  readonly secret_hash: string;
  readonly name: string;
  readonly role: string;
  readonly host_id: string | null;
  readonly created_at_ms: number;
  readonly created_by: string;
  readonly expires_at_ms: number | null;
  readonly last_used_at_ms: number | null;
  readonly revoked_at_ms: number | null;
}

export interface SessionTable {
  readonly secret_hash: string;
  readonly subject: string;
  readonly display_name: string;
  readonly role: string;
  readonly created_at_ms: number;
  readonly expires_at_ms: number;
}

export interface AuditTable {
  readonly id: string;
  readonly at_ms: number;
  readonly actor: string;
  readonly role: string;
  readonly action: string;
  readonly target: string;
  /** JSON object. */
  readonly detail: string;
}

export interface ChangeTable {
  readonly id: number;
  readonly at_ms: number;
  readonly kind: string;
  readonly subject: string;
}

/** A command on its way to a host, and its outcome on the way back. At most one of a host is without an outcome. */
export interface CommandTable {
  readonly id: string;
  readonly host_id: string;
  /** JSON. */
  readonly work: string;
  readonly deadline_at_ms: number;
  /** The run of the agent that it was handed out to. */
  readonly taken_by: string | null;
  /** JSON. */
  readonly outcome: string | null;
}

/** A version of a custom CPU model. Rows are only added. */
export interface CustomModelTable {
  readonly name: string;
  /** From 1 on, without gaps. */
  readonly version: number;
  /** JSON; null: with this version it was removed. */
  readonly body: string | null;
  readonly saved_at_ms: number;
  readonly saved_by: string;
}

/** Bytes as an engine returns them. */
export type StoredBytes = Uint8Array | ArrayBuffer;

/** @returns the same memory, not a copy */
export function asBytes(stored: StoredBytes): Uint8Array {
  return stored instanceof Uint8Array ? stored : new Uint8Array(stored);
}
