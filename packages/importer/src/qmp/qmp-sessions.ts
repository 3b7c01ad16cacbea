import type { JsonDocument } from '../json-documents.ts';

type Json = Readonly<Record<string, unknown>>;

/** One answer to query-cpu-model-expansion. What was asked is null where the command is not in the text. */
export interface Expansion {
  readonly asked: {
    readonly type: string;
    readonly model: string;
    readonly migratable: boolean | null;
  } | null;
  /** Name of the model that came back: `base` for a static expansion. */
  readonly model: string;
  readonly properties: Json;
}

/** One entry of query-cpu-definitions. */
export interface Definition {
  readonly name: string;
  /** Null: this QEMU does not tell. */
  readonly unavailable: readonly string[] | null;
}

/** What one run of a QEMU told. */
export interface QmpSession {
  readonly version: string | null;
  readonly package: string | null;
  /** `x86_64` … */
  readonly target: string | null;
  /** Answer of query-kvm. */
  readonly kvmEnabled: boolean | null;
  readonly expansions: readonly Expansion[];
  readonly definitions: readonly Definition[];
  /** Line of its first document. */
  readonly line: number;
}

type OpenSession = { -readonly [key in keyof QmpSession]: QmpSession[key] } & {
  expansions: Expansion[];
  definitions: readonly Definition[];
};

/**
 * Sorts the documents of a QMP log into sessions: greetings, commands (where they were recorded) and their replies. A
 * session begins with a greeting, with `qmp_capabilities`, or where the ids start over (libvirt numbers them).
 */
export function readQmpSessions(documents: readonly JsonDocument[]): readonly QmpSession[] {
  const sessions: OpenSession[] = [];
  let pending: Json | null = null;
  let ids = new Set<string>();
  const open = (line: number): void => {
    sessions.push({ ...emptySession, expansions: [], definitions: [], line });
    pending = null;
    ids = new Set();
  };
  for (const { value, line } of documents) {
    const id = typeof value.id === 'string' || typeof value.id === 'number' ? String(value.id) : null;
    const isCommand = typeof value.execute === 'string';
    const isReply = 'return' in value || 'error' in value;
    const startsOver = isReply && pending === null && id !== null && ids.has(id);
    if ('QMP' in value || value.execute === 'qmp_capabilities' || startsOver || sessions.length === 0) {
      if (!isFresh(sessions.at(-1), ids)) open(line);
    }
    const session = sessions.at(-1);
    if (session === undefined) continue;
    if ('QMP' in value) putVersion(session, recordOf(recordOf(value.QMP).version));
    else if (isCommand) pending = value;
    else if (isReply) {
      putReply(session, value, pending);
      pending = null;
      if (id !== null) ids.add(id);
    }
  }
  return sessions;
}

const emptySession = { version: null, package: null, target: null, kvmEnabled: null };

/** A session that has only had its greeting: qmp_capabilities belongs to it. */
function isFresh(session: OpenSession | undefined, ids: ReadonlySet<string>): boolean {
  return session !== undefined && ids.size === 0 && session.expansions.length === 0 && session.definitions.length === 0;
}

function putReply(session: OpenSession, reply: Json, command: Json | null): void {
  if (!('return' in reply)) return;
  const answer = reply.return;
  if (Array.isArray(answer)) {
    const definitions = definitionsOf(answer);
    if (isAnswerTo(command, 'query-cpu-definitions') && definitions !== null) session.definitions = definitions;
    return;
  }
  const record = recordOf(answer);
  const model = recordOf(record.model);
  if (isAnswerTo(command, 'query-cpu-model-expansion') && typeof model.name === 'string' && isRecord(model.props)) {
    session.expansions.push({ asked: askedOf(command), model: model.name, properties: model.props });
  } else if (isAnswerTo(command, 'query-version') && isRecord(record.qemu)) putVersion(session, record);
  else if (isAnswerTo(command, 'query-target') && typeof record.arch === 'string') session.target = record.arch;
  else if (isAnswerTo(command, 'query-kvm') && typeof record.enabled === 'boolean') session.kvmEnabled = record.enabled;
}

/** Without the command, the shape of the reply has to do. */
function isAnswerTo(command: Json | null, name: string): boolean {
  return command === null || command.execute === name;
}

function askedOf(command: Json | null): Expansion['asked'] {
  if (command === null) return null;
  const { type, model } = recordOf(command.arguments);
  const { name, props } = recordOf(model);
  if (typeof type !== 'string' || typeof name !== 'string') return null;
  const { migratable } = recordOf(props);
  return { type, model: name, migratable: typeof migratable === 'boolean' ? migratable : null };
}

/** Null: the array is something else, such as the list of machine types. */
function definitionsOf(answer: readonly unknown[]): readonly Definition[] | null {
  const definitions = answer.map((entry): Definition | null => {
    const { name, static: isStatic, typename, 'unavailable-features': unavailable } = recordOf(entry);
    const isDefinition = typeof isStatic === 'boolean' || (typeof typename === 'string' && typename.endsWith('-cpu'));
    if (typeof name !== 'string' || (!isDefinition && !Array.isArray(unavailable))) return null;
    const isList = Array.isArray(unavailable) && unavailable.every((feature) => typeof feature === 'string');
    return { name, unavailable: isList ? (unavailable as readonly string[]) : null };
  });
  return definitions.length > 0 && definitions.every((entry) => entry !== null) ? definitions : null;
}

function putVersion(session: OpenSession, { qemu, package: packageName }: Json): void {
  const { major, minor, micro } = recordOf(qemu);
  if (![major, minor, micro].every((part) => Number.isInteger(part) && Number(part) >= 0 && Number(part) < 1000))
    return;
  session.version = `${Number(major)}.${Number(minor)}.${Number(micro)}`;
  session.package = typeof packageName === 'string' && packageName !== '' ? packageName : null;
}

function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function recordOf(value: unknown): Json {
  return isRecord(value) ? value : {};
}
