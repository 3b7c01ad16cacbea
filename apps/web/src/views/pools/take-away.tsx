import { compilePolicy, indexCpuMap, policyTargets } from '@cpu-atlas/core';
import type { CompiledPolicy, LibvirtMapIndex, LintSeverity, PolicyTargetName } from '@cpu-atlas/core';
import type { RankedChoiceDocument } from '@cpu-atlas/contract';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { faultOf } from '../../api/fault.ts';
import type { Fault } from '../../api/fault.ts';
import { cpuMapQuery, cpuMapsQuery } from '../../api/queries.ts';
import { CopyButton } from '../../components/buttons.tsx';
import { FaultNotice } from '../../components/fault-notice.tsx';
import { Select } from '../../components/inputs.tsx';
import type { ViewState } from '../../navigation/route.ts';
import { useChange } from '../../navigation/use-route.ts';
import type { PlanInput } from './plan-input.ts';
import { readTarget, writePolicy } from './write-policy.ts';

interface TakeAwayProps {
  readonly choice: RankedChoiceDocument;
  readonly input: PlanInput;
  readonly machine: string;
  readonly state: ViewState<'pools'>;
}

const targets = (Object.keys(policyTargets) as readonly PolicyTargetName[]).map((value) => ({
  value,
  label: policyTargets[value].label,
}));

const tones = { error: 'refused', warning: 'filtered', note: 'quiet' } as const satisfies Record<LintSeverity, string>;

type Compiled =
  { readonly kind: 'text'; readonly policy: CompiledPolicy } | { readonly kind: 'fault'; readonly fault: Fault };

/** A choice as the configuration of a stack, with what a careful reader would object. */
export function TakeAway({ choice, input, machine, state }: TakeAwayProps) {
  const change = useChange('pools');
  const target = readTarget(state.target);
  const libvirt = useLibvirtMap(state.libvirt);
  const compiled = useMemo((): Compiled => {
    try {
      const policy = writePolicy(choice, { hosts: input.hosts, machine, accel: state.accel, libvirt });
      return { kind: 'text', policy: compilePolicy(policy, target) };
    } catch (thrown) {
      return { kind: 'fault', fault: faultOf(thrown) };
    }
  }, [choice, input.hosts, machine, state.accel, target, libvirt]);
  return (
    <section className="page-section">
      <h3 className="pool-caption">Take it away</h3>
      <div className="pool-actions">
        <Select label="As" value={target} options={targets} onChange={(next) => change({ target: next }, 'replace')} />
        {compiled.kind === 'fault' ? null : (
          <>
            <CopyButton label="Copy" text={() => compiled.policy.text} />
            <DownloadButton policy={compiled.policy} />
          </>
        )}
      </div>
      {compiled.kind === 'fault' ? (
        <FaultNotice fault={compiled.fault} />
      ) : (
        <>
          <p className="quiet">
            <code>{compiled.policy.fileName}</code> for {compiled.policy.targetVersion}
          </p>
          <pre className="pool-text" tabIndex={0} aria-label={compiled.policy.fileName}>
            {compiled.policy.text}
          </pre>
          <ul className="pool-lint">
            {compiled.policy.lint.map(({ severity, message }) => (
              <li key={message}>
                <span className="chip" data-tone={tones[severity]}>
                  {severity}
                </span>{' '}
                {message}
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

/** The CPU map of the release that the baselines name, else of the newest there is; null until it is there. */
function useLibvirtMap(release: string): LibvirtMapIndex | null {
  const releases = useQuery(cpuMapsQuery).data?.releases ?? [];
  const map = useQuery(cpuMapQuery(releases.includes(release) ? release : (releases.at(-1) ?? ''))).data;
  return useMemo(() => (map === undefined ? null : indexCpuMap(map)), [map]);
}

function DownloadButton({ policy: { fileName, text } }: { readonly policy: CompiledPolicy }) {
  const save = () => {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
    link.download = fileName;
    link.click();
    URL.revokeObjectURL(link.href);
  };
  return (
    <button type="button" className="button" onClick={save}>
      Save
    </button>
  );
}
