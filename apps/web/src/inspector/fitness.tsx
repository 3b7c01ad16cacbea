import { abiReach, isUnknown, judgePreset, judgeSecurityFlags, listPresets } from '@cpu-atlas/core';
import type { FeatureVerdict, HostSnapshot, JudgedFlag, Resolution, SecurityVerdict } from '@cpu-atlas/core';
import { useMemo } from 'react';
import { Icon } from '../components/icons.tsx';
import { Section } from './section.tsx';

interface FitnessProps {
  readonly resolution: Resolution;
  readonly features: readonly FeatureVerdict[];
  readonly snapshot: HostSnapshot | null;
}

/** What this guest CPU is good for: its ABI level, the workloads it carries, the protection it has. */
export function Fitness({ resolution, features, snapshot }: FitnessProps) {
  const states = useMemo(() => new Map(features.map(({ name, state }) => [name, state])), [features]);
  const has = (name: string) => states.get(name) === 'enabled';
  const isOpen = features.some(({ state }) => state === 'unknown');
  const reach = abiReach(has);
  const [next] = reach.short;
  const presets = listPresets().map((preset) => ({ preset, verdict: judgePreset(preset, has) }));
  const flags = judgeSecurityFlags({
    vendor: resolution.vendor,
    stateOf: (name) => states.get(name),
    vulnerabilities: vulnerabilitiesOf(snapshot),
  }).filter(({ verdict }) => tones[verdict] !== null);
  const open = flags.filter(({ verdict }) => verdict === 'should-be-on' || verdict === 'host-lacks').length;
  if (isOpen) return null;
  return (
    <>
      <Section title="Fit for" isFolded>
        <p>
          ABI level <strong>{reach.name ?? 'below x86-64-v1'}</strong>
          {next === undefined ? '.' : `; short of ${next.name}: ${next.lacks.join(', ')}.`}
        </p>
        <ul className="fitness">
          {presets.map(({ preset, verdict }) => (
            <li key={preset.id} title={`${preset.why}. ${preset.source}`}>
              <span className={verdict.isMet ? 'glyph-runs' : 'glyph-refused'}>
                <Icon name={verdict.isMet ? 'check' : 'close'} size={12} />
              </span>
              {preset.title}
              {verdict.isMet ? '' : `: lacks ${verdict.lacks.join(', ')}`}
            </li>
          ))}
        </ul>
      </Section>
      {flags.length === 0 ? null : (
        <Section title="Protection" count={open} isFolded>
          <ul className="fitness">
            {flags.map((flag) => (
              <Flag key={flag.record.flag} flag={flag} />
            ))}
          </ul>
        </Section>
      )}
    </>
  );
}

const tones = {
  on: 'runs',
  'should-be-on': 'filtered',
  'host-lacks': 'refused',
  'not-needed': null,
  'not-offered': null,
  optional: null,
  unknown: 'quiet',
} as const satisfies Record<SecurityVerdict, string | null>;

const verdictWords = {
  on: 'on',
  'should-be-on': 'should be on',
  'host-lacks': 'host lacks it',
  'not-needed': 'not needed',
  'not-offered': 'not offered',
  optional: 'optional',
  unknown: 'unknown',
} as const satisfies Record<SecurityVerdict, string>;

function Flag({ flag: { record, verdict, remedy } }: { readonly flag: JudgedFlag }) {
  return (
    <li title={`${record.text}. ${record.source}`}>
      <span className="mono">{record.flag}</span>
      <span className="chip" data-tone={tones[verdict] ?? 'quiet'}>
        {verdictWords[verdict]}
      </span>
      <span className="quiet">{remedy ?? record.against.join(', ')}</span>
    </li>
  );
}

function vulnerabilitiesOf(snapshot: HostSnapshot | null): Readonly<Record<string, string>> | undefined {
  const hardware = snapshot?.hardware;
  return hardware === undefined || isUnknown(hardware) ? undefined : hardware.vulnerabilities;
}
