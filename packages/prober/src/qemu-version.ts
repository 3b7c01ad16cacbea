/** What `qemu-system-x86_64 --version` says. */
export interface QemuVersion {
  /** `7.2.22`. */
  readonly version: string;
  /** What the packager put in parentheses: `Debian 1:7.2+dfsg-7+deb12u18`, `qemu-kvm-9.0.0-10.el9`. */
  readonly package?: string;
}

/**
 * Reads the first line that `--version` prints. `undefined` when this is not a QEMU.
 *
 * Source: output of QEMU 7.2 and 10.0 (Debian), and of 2.x, which has the copyright on the same line.
 */
export function parseQemuVersion(output: string): QemuVersion | undefined {
  const line = /^QEMU emulator version (\d+\.\d+(?:\.\d+)*)\S*(.*)$/m.exec(output);
  if (line === null) return undefined;
  const [, version = '', rest = ''] = line;
  const packageText = /^ ?\((.*?)\)(?:, Copyright.*)?$/.exec(rest.trimEnd())?.[1]?.trim();
  return packageText === undefined || packageText === '' ? { version } : { version, package: packageText };
}
