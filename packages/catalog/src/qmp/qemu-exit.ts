import { AtlasError, type FaultDetail } from '@cpu-atlas/core';

/** How a QEMU ended. */
export interface QemuExit {
  /** Exit status; null when a signal ended it. */
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Standard error, its beginning and its end if it was long. */
  readonly stderr: string;
}

const shownCharacters = 600;

type QemuEndCode = 'QEMU_DIED' | 'QEMU_TIMEOUT' | 'QEMU_LAUNCH_FAILED';

/** A fault that knows how the process ended. */
export class QemuEndError extends AtlasError {
  readonly exit: QemuExit;

  constructor(code: QemuEndCode, message: string, detail: FaultDetail & { readonly exit: QemuExit }) {
    super(code, message, detail);
    this.exit = detail.exit;
  }
}

/** How the QEMU ended because of which `error` was thrown; null when the error does not know. */
export function qemuExitOf(error: unknown): QemuExit | null {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (current instanceof QemuEndError) return current.exit;
  }
  return null;
}

/** `exit status 1: <the last it printed>`, or `killed by SIGABRT: …`. */
export function describeExit(exit: QemuExit): string {
  const how = exit.signal === null ? `exit status ${exit.status}` : `killed by ${exit.signal}`;
  const said = exit.stderr.trim().slice(-shownCharacters);
  return said === '' ? `${how}, without a word on standard error` : `${how}: ${said}`;
}
