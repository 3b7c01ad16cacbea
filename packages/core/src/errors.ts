/**
 * The one table of faults. A fault is something that stops an answer from being given (bad input, a broken file, a
 * dead QEMU); an expected outcome ("does not fit", "QEMU would refuse") is a value, never an error.
 *
 * `status` is the HTTP status, `exit` the exit code of the command line (2 usage or input, 3 could not tell).
 */
export const errorTable = {
  CPU_STRING_INVALID: { status: 422, exit: 2, title: 'The -cpu argument is malformed' },
  CPU_MODEL_UNKNOWN: { status: 422, exit: 2, title: 'This QEMU has no CPU model of that name' },
  CPU_PROPERTY_UNKNOWN: { status: 422, exit: 2, title: 'This QEMU has no CPU property of that name' },
  CPU_PROPERTY_INVALID: { status: 422, exit: 2, title: 'The value of a CPU property is not accepted' },
  MACHINE_TYPE_UNKNOWN: { status: 422, exit: 2, title: 'This QEMU has no machine type of that name' },
  ACCELERATOR_UNKNOWN: { status: 422, exit: 2, title: 'The accelerator is not one Atlas resolves' },
  CATALOG_INVALID: { status: 422, exit: 2, title: 'A catalog is damaged or not a catalog' },
  CATALOG_NOT_FOUND: { status: 404, exit: 2, title: 'There is no such catalog' },
  SNAPSHOT_INVALID: { status: 422, exit: 2, title: 'A host snapshot is damaged or not a host snapshot' },
  SNAPSHOT_NOT_FOUND: { status: 404, exit: 2, title: 'There is no such host snapshot' },
  REQUEST_INVALID: { status: 400, exit: 2, title: 'The request does not have the documented shape' },
  FILE_UNREADABLE: { status: 422, exit: 2, title: 'A file cannot be read' },
  FILE_TOO_LARGE: { status: 413, exit: 2, title: 'A file is larger than Atlas accepts' },
  HOST_NOT_FOUND: { status: 404, exit: 2, title: 'There is no such host' },
  ROUTE_NOT_FOUND: { status: 404, exit: 2, title: 'There is no such resource' },
  PROBE_BUSY: { status: 409, exit: 3, title: 'A probe of this host is already running' },
  PROBE_FAILED: { status: 500, exit: 3, title: 'The host could not be probed' },
  QEMU_NOT_FOUND: { status: 422, exit: 2, title: 'There is no QEMU binary at that path' },
  QEMU_LAUNCH_FAILED: { status: 502, exit: 3, title: 'QEMU could not be started' },
  QEMU_DIED: { status: 502, exit: 3, title: 'QEMU ended before it answered' },
  QEMU_TIMEOUT: { status: 504, exit: 3, title: 'QEMU did not answer in time' },
  QMP_PROTOCOL: { status: 502, exit: 3, title: 'QEMU answered something that is not QMP' },
  QMP_ERROR: { status: 502, exit: 3, title: 'QEMU refused a QMP command' },
  VERIFY_UNAVAILABLE: { status: 409, exit: 3, title: 'This cell cannot be proven on this host' },
  VERIFY_BUSY: { status: 409, exit: 3, title: 'Another cell is being proven' },
  CUBE_INVALID: { status: 422, exit: 2, title: 'A cube is damaged or not a cube' },
  CUBE_TOO_LARGE: { status: 406, exit: 2, title: 'The cube is too large for this form' },
  STORE_FAILED: { status: 503, exit: 3, title: 'The store could not be read or written' },
  STORE_BUSY: { status: 503, exit: 3, title: 'More is to be written than the store takes' },
  STORE_LOCKED: { status: 500, exit: 2, title: 'Another process uses the store' },
  STORE_NEWER: { status: 500, exit: 2, title: 'A later version of CPU Atlas wrote the store' },
  HOST_SILENT: { status: 504, exit: 3, title: 'The host did not take or answer a command in time' },
  HOST_BUSY: { status: 409, exit: 3, title: 'The host works on another command' },
  COMMAND_REFUSED: { status: 409, exit: 3, title: 'The host takes no commands' },
  COMMAND_NOT_FOUND: { status: 404, exit: 3, title: 'Nobody waits for that command' },
  CONTENT_MISMATCH: { status: 422, exit: 2, title: 'What was sent is not what its name says' },
  CONTENT_UNWANTED: { status: 409, exit: 3, title: 'Nobody asked for what was sent' },
  HUB_UNREACHABLE: { status: 502, exit: 3, title: 'The hub does not answer' },
  INTERNAL: { status: 500, exit: 3, title: 'A defect in CPU Atlas' },
  REQUEST_TOO_LARGE: { status: 413, exit: 2, title: 'The request is larger than Atlas accepts' },
  MEDIA_TYPE_UNSUPPORTED: { status: 415, exit: 2, title: 'The body of the request is not JSON' },
  ORIGIN_REFUSED: { status: 403, exit: 2, title: 'A page of another site may not ask this server' },
  NOT_READY: { status: 503, exit: 3, title: 'The server has not finished starting' },
  FILE_UNWRITABLE: { status: 500, exit: 2, title: 'A file cannot be written' },
  LISTEN_FAILED: { status: 500, exit: 2, title: 'The server cannot listen at that address' },
  USAGE_INVALID: { status: 400, exit: 2, title: 'The command line is not understood' },
  IMPORT_FORMAT_UNKNOWN: { status: 422, exit: 2, title: 'The text is in none of the formats that Atlas imports' },
  IMPORT_UNSUPPORTED: { status: 422, exit: 2, title: 'The format is known, but not what it tells of' },
  IMPORT_INVALID: { status: 422, exit: 2, title: 'What is imported is damaged or cut short' },
  IMPORT_AMBIGUOUS: { status: 422, exit: 2, title: 'What is imported does not tell what it belongs to' },
  IMPORT_TOO_LARGE: { status: 413, exit: 2, title: 'What is imported is larger than Atlas accepts' },
  AUTH_REQUIRED: { status: 401, exit: 2, title: 'Who asks is not known' },
  ACCESS_DENIED: { status: 403, exit: 2, title: 'Who asks may not do this' },
  RATE_LIMITED: { status: 429, exit: 3, title: 'Too many requests in a short time' },
  LOGIN_FAILED: { status: 403, exit: 2, title: 'The login was refused' },
  LOGIN_UNAVAILABLE: { status: 502, exit: 3, title: 'The login service does not answer' },
  TOKEN_NOT_FOUND: { status: 404, exit: 2, title: 'There is no such token' },
  IMPORT_UNSAFE: { status: 422, exit: 2, title: 'What is imported has parts that Atlas refuses to open' },
  IMPORT_TOO_COSTLY: { status: 422, exit: 2, title: 'What is imported takes more time or memory than Atlas spends' },
  IMPORT_BUSY: { status: 503, exit: 3, title: 'Too many imports wait' },
  IMPORT_CONFLICT: { status: 409, exit: 2, title: 'An import may not replace a host that tells of itself' },
  CPU_MAP_INVALID: { status: 422, exit: 2, title: 'A libvirt CPU map is damaged or not one' },
  CUSTOM_MODEL_NOT_FOUND: { status: 404, exit: 2, title: 'There is no such custom CPU model' },
  CPU_MODELS_INVALID: { status: 422, exit: 2, title: 'A file of custom CPU models is damaged' },
  REPORT_TOO_LARGE: { status: 413, exit: 2, title: 'The report is larger than its format can hold' },
  PDF_UNAVAILABLE: { status: 503, exit: 3, title: 'No Chromium makes the PDF' },
} as const satisfies Record<string, { status: number; exit: 2 | 3; title: string }>;

export type AtlasErrorCode = keyof typeof errorTable;

/** What a fault says beyond its code: `where` (file, line, field, option), and how to mend it. */
export interface FaultDetail {
  readonly where?: string | undefined;
  readonly remedy?: string | undefined;
  readonly cause?: unknown;
}

/** The only error that Atlas throws on purpose. `message` says what; `where` and `remedy` complete it. */
export class AtlasError extends Error {
  readonly code: AtlasErrorCode;
  readonly where: string | undefined;
  readonly remedy: string | undefined;

  constructor(code: AtlasErrorCode, message: string, detail: FaultDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = 'AtlasError';
    this.code = code;
    this.where = detail.where;
    this.remedy = detail.remedy;
  }

  /** One line for logs and terminals: `CODE: where: what; remedy`. */
  override toString(): string {
    const where = this.where === undefined ? '' : `${this.where}: `;
    const remedy = this.remedy === undefined ? '' : `; ${this.remedy}`;
    return `${this.code}: ${where}${this.message}${remedy}`;
  }
}

/** Closes a switch over a union: the compiler proves that nothing is left. */
export function assertNever(value: never): never {
  throw new AtlasError('INTERNAL', `unhandled case ${JSON.stringify(value)}`);
}
