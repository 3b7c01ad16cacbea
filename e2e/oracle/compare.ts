import { wordKeyOf, type Resolution, type X86CPUFeatureWordInfo } from '@cpu-atlas/core';

/** Feature words by key, zero words left out. */
export type KeyedWords = Readonly<Record<string, number>>;

export function keyWords(infos: readonly X86CPUFeatureWordInfo[]): Record<string, number> {
  const keyed: Record<string, number> = {};
  for (const info of infos) {
    const key = wordKeyOf({
      kind: 'cpuid',
      leaf: info['cpuid-input-eax'],
      subleaf: info['cpuid-input-ecx'] ?? null,
      register: info['cpuid-register'],
    });
    if (info.features !== 0) keyed[key] = info.features >>> 0;
  }
  return keyed;
}

export function differingWords(what: string, atlas: KeyedWords, qemu: KeyedWords): string[] {
  const hex = (value: number | undefined): string => `0x${(value ?? 0).toString(16)}`;
  return [...new Set([...Object.keys(atlas), ...Object.keys(qemu)])]
    .filter((key) => (atlas[key] ?? 0) !== (qemu[key] ?? 0))
    .map((key) => `${what} ${key}: Atlas ${hex(atlas[key])}, QEMU ${hex(qemu[key])}`);
}

/** Properties that QEMU reported, by name; null where it has no such property. */
export type RecordedIdentity = Readonly<Record<string, unknown>>;

export function differingProperties(resolution: Resolution, recorded: RecordedIdentity): string[] {
  return Object.entries(recorded)
    .filter(
      ([name, value]) =>
        name in resolution.properties && (resolution.properties as unknown as RecordedIdentity)[name] !== value,
    )
    .map(
      ([name, value]) =>
        `${name}: Atlas ${JSON.stringify((resolution.properties as unknown as RecordedIdentity)[name])}, QEMU ${JSON.stringify(value)}`,
    );
}

export function differingLists(what: string, atlas: readonly string[], qemu: readonly string[]): string[] {
  if (JSON.stringify(atlas) === JSON.stringify(qemu)) return [];
  const more = atlas.filter((entry) => !qemu.includes(entry)).slice(0, 5);
  const less = qemu.filter((entry) => !atlas.includes(entry)).slice(0, 5);
  return [
    `${what}: only Atlas [${more.join(' | ')}], only QEMU [${less.join(' | ')}], ${atlas.length} and ${qemu.length} entries`,
  ];
}

/** The lines of QEMU's standard error that are about the CPU: without the program's name and talk about machine types. */
export function cpuWarnings(stderr: string): string[] {
  return stderr
    .split('\n')
    .map((line) => line.replace(/^qemu-system-x86_64: /, ''))
    .filter((line) => line.startsWith('warning: ') && !/Machine type '.*' is deprecated/.test(line));
}
