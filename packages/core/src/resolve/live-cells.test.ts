import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { AtlasError } from '../errors.ts';
import { shippedIndex, type ShippedVersion } from '../testing/catalogs.ts';
import { liveCases } from '../testing/live-cases.mjs';
import { wordKeyOf } from '../x86/word-layout.ts';
import { createContext } from './context.ts';
import type { Resolution, SmpTopology, X86CPUFeatureWordInfo } from './resolution.ts';
import { resolve } from './resolve.ts';

interface LiveCase {
  readonly name: string;
  readonly machine?: string;
  readonly cpu?: string;
  readonly smp?: SmpTopology;
  readonly only?: readonly ShippedVersion[];
}

/** Without `words` QEMU ended: with a status, or by a signal. */
interface LiveAnswer {
  readonly words?: Readonly<Record<string, string>>;
  readonly filtered?: Readonly<Record<string, string>>;
  readonly unavailable?: readonly string[];
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly exit?: number | string;
  readonly lines: readonly string[];
}

const recorded = JSON.parse(readFileSync(new URL('../testing/live-cells.json', import.meta.url), 'utf8')) as {
  readonly answers: Readonly<Record<ShippedVersion, Readonly<Record<string, LiveAnswer>>>>;
};

function hexWords(words: readonly X86CPUFeatureWordInfo[]): Record<string, string> {
  return Object.fromEntries(
    words
      .filter(({ features }) => features !== 0)
      .map((info) => {
        const subleaf = info['cpuid-input-ecx'] ?? null;
        const key = wordKeyOf({
          kind: 'cpuid',
          leaf: info['cpuid-input-eax'],
          subleaf,
          register: info['cpuid-register'],
        });
        return [key, info.features.toString(16)];
      }),
  );
}

/** QEMU warns once for each CPU, and adds lines that are no warnings. */
const distinctWarnings = (lines: readonly string[]): string[] => [
  ...new Set(lines.filter((line) => line.startsWith('warning: '))),
];

/** A resolution in the form of a recorded answer, with as much of a refusal as QEMU shows. */
function answerOf(resolution: Resolution): unknown {
  const lines = distinctWarnings(resolution.warnings);
  const { refusal } = resolution;
  if (refusal) return refusal.by === 'abort' ? { exit: 'SIGABRT', lines } : { exit: 1, lines, last: refusal.message };
  return {
    words: hexWords(resolution.featureWords),
    filtered: hexWords(resolution.filteredFeatures),
    unavailable: resolution.unavailableFeatures,
    properties: Object.fromEntries(Object.entries(resolution.properties).filter(([, value]) => value !== null)),
    lines,
  };
}

function expectedOf({ exit, lines, ...answer }: LiveAnswer): unknown {
  const warnings = distinctWarnings(lines);
  if (exit === undefined) return { ...answer, lines: warnings };
  return exit === 'SIGABRT' ? { exit, lines: warnings } : { exit, lines: warnings, last: lines.at(-1) };
}

it('every case was recorded with every release that it is for', () => {
  const versions = Object.keys(recorded.answers) as ShippedVersion[];
  const missing = (liveCases as readonly LiveCase[]).flatMap(({ name, only = versions }) =>
    only.filter((version) => recorded.answers[version][name] === undefined).map((version) => `${version}: ${name}`),
  );
  expect(missing, 'record them: packages/core/src/testing/record-live-cells.mjs').toEqual([]);
});

describe.each(Object.keys(recorded.answers) as ShippedVersion[])('QEMU %s under TCG', (version) => {
  const context = createContext(shippedIndex(version), null);
  const answers = recorded.answers[version];
  const cases = (liveCases as readonly LiveCase[]).filter(({ name }) => answers[name] !== undefined);

  it.each(cases)('$name', ({ name, machine = 'q35', cpu = 'qemu64', smp }) => {
    const answer = answers[name];
    let resolution: Resolution;
    try {
      resolution = resolve(context, { accel: 'tcg', machine, cpu, smp });
    } catch (error) {
      expect(error).toBeInstanceOf(AtlasError);
      expect(String(error)).toMatch(/^CPU_(?:STRING_INVALID|MODEL_UNKNOWN|PROPERTY_UNKNOWN|PROPERTY_INVALID): /);
      expect(answer.exit, 'QEMU starts, Atlas refuses the argument').toBe(1);
      return;
    }
    expect(answerOf(resolution)).toEqual(expectedOf(answer));
  });
});
