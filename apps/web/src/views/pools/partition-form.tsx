import type { HostSummary } from '@cpu-atlas/contract';
import { listAbiLevels } from '@cpu-atlas/core';
import { useMemo } from 'react';
import { Toggle } from '../../components/buttons.tsx';
import { Labelled, Select } from '../../components/inputs.tsx';
import type { ViewState } from '../../navigation/route.ts';
import { useChange } from '../../navigation/use-route.ts';
import { readHostLists } from './partition-request.ts';
import { listLabels } from './select-hosts.ts';

interface PartitionFormProps {
  readonly hosts: readonly HostSummary[];
  readonly state: ViewState<'pools'>;
}

/** What every pool must be like. Each change is asked at once. */
export function PartitionForm({ hosts, state }: PartitionFormProps) {
  const change = useChange('pools');
  const names = useMemo(() => [...new Set(listLabels(hosts).map(({ name }) => name))], [hosts]);
  const levels = useMemo(() => listAbiLevels(), []);
  return (
    <form className="pool-form" onSubmit={(event) => event.preventDefault()} aria-label="What every pool must be like">
      <NumberField
        label="Hosts in a pool, at least"
        value={state.minHosts}
        onChange={(minHosts) => change({ minHosts }, 'replace')}
      />
      <NumberField
        label="Pools, at most"
        value={state.maxPools}
        onChange={(maxPools) => change({ maxPools }, 'replace')}
      />
      <Labelled label={`Capacity in use: ${state.load} %`} hint="The rest must be able to replace the largest host.">
        {(id) => (
          <input
            id={id}
            type="range"
            min={0}
            max={95}
            step={5}
            value={state.load}
            onChange={(event) => change({ load: Number(event.target.value) }, 'replace')}
          />
        )}
      </Labelled>
      <Labelled label="ABI level that every host must reach">
        {(id) => (
          <Select
            id={id}
            value={state.level}
            options={[
              { value: '', label: 'any' },
              ...(['1', '2', '3', '4'] as const).flatMap((value) => {
                const record = levels.find(({ level }) => String(level) === value);
                return record === undefined ? [] : [{ value, label: record.name }];
              }),
            ]}
            onChange={(level) => change({ level }, 'replace')}
          />
        )}
      </Labelled>
      <Labelled label="Features that every host must have" hint="By QEMU’s names, apart by spaces.">
        {(id) => (
          <input
            id={id}
            className="text-input"
            spellCheck={false}
            placeholder="avx2 aes"
            defaultValue={state.required.join(' ')}
            onChange={(event) =>
              change({ required: event.target.value.split(/[\s,]+/).filter((word) => word !== '') }, 'replace')
            }
          />
        )}
      </Labelled>
      <Labelled label="Keep together hosts of one">
        {(id) => (
          <Select
            id={id}
            value={state.togetherBy}
            options={[{ value: '', label: 'nothing' }, ...names.map((name) => ({ value: name, label: name }))]}
            onChange={(togetherBy) => change({ togetherBy }, 'replace')}
          />
        )}
      </Labelled>
      <HostLists
        label="Keep together"
        hosts={hosts}
        value={state.together}
        onChange={(together) => change({ together }, 'replace')}
      />
      <HostLists
        label="Keep apart"
        hosts={hosts}
        value={state.apart}
        onChange={(apart) => change({ apart }, 'replace')}
      />
      <Toggle
        isOn={state.countsNested}
        onToggle={(countsNested) => change({ countsNested }, 'replace')}
        title="Features that only nested virtualisation needs"
      >
        Count nested virtualisation
      </Toggle>
    </form>
  );
}

interface NumberFieldProps {
  readonly label: string;
  readonly value: number;
  readonly onChange: (value: number) => void;
}

function NumberField({ label, value, onChange }: NumberFieldProps) {
  return (
    <Labelled label={label}>
      {(id) => (
        <input
          id={id}
          type="number"
          className="text-input pool-short"
          min={1}
          value={value}
          onChange={(event) => {
            const next = event.target.valueAsNumber;
            if (Number.isInteger(next) && next >= 1) onChange(next);
          }}
        />
      )}
    </Labelled>
  );
}

interface HostListsProps {
  readonly label: string;
  readonly hosts: readonly HostSummary[];
  readonly value: string;
  readonly onChange: (value: string) => void;
}

function HostLists({ label, hosts, value, onChange }: HostListsProps) {
  const { unknown } = useMemo(() => readHostLists(value, hosts), [value, hosts]);
  return (
    <Labelled
      label={label}
      hint="Hosts by name; several lists apart by ;"
      error={unknown.length === 0 ? undefined : `not among the chosen hosts: ${unknown.slice(0, 4).join(', ')}`}
    >
      {(id) => (
        <input
          id={id}
          className="text-input"
          spellCheck={false}
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Labelled>
  );
}
