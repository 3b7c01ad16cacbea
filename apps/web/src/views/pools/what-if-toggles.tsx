import type { HostSummary } from '@cpu-atlas/contract';
import { useRef, useState } from 'react';
import type { PointerEvent } from 'react';
import { Labelled, Select } from '../../components/inputs.tsx';
import type { ViewState } from '../../navigation/route.ts';
import { useChange } from '../../navigation/use-route.ts';
import type { PlanInput } from './plan-input.ts';
import { findCatalog, useCatalogOptions, useMachineOptions } from './pools-panel.tsx';
import { irqchips } from '../../components/launch-fields.tsx';
import type { PastedSnapshot } from './what-if-request.ts';

interface WhatIfTogglesProps {
  readonly input: PlanInput;
  readonly machine: string;
  readonly state: ViewState<'pools'>;
  readonly text: string;
  readonly pasted: PastedSnapshot;
  readonly onText: (text: string) => void;
}

/** Everything that might happen to a pool. */
export function WhatIfToggles({ input, machine, state, text, pasted, onText }: WhatIfTogglesProps) {
  const change = useChange('pools');
  const catalogs = useCatalogOptions();
  const isChanged = state.out.length > 0 || state.toCatalog + state.toIrqchip + state.toMachine !== '' || text !== '';
  const reset = () => {
    onText('');
    change({ out: [], toCatalog: '', toIrqchip: '', toMachine: '' });
  };
  return (
    <form className="pool-form" aria-label="What might happen" onSubmit={(event) => event.preventDefault()}>
      <MachineSlider input={input} machine={machine} state={state} />
      <Labelled label="QEMU of all hosts">
        {(id) => (
          <Select
            id={id}
            value={findCatalog(catalogs, state.toCatalog)}
            options={[
              { value: '', label: 'as it is' },
              ...catalogs.map(({ value, label, note }) => ({
                value,
                label: note === undefined ? label : `${label}, ${note}`,
              })),
            ]}
            onChange={(toCatalog) => change({ toCatalog }, 'replace')}
          />
        )}
      </Labelled>
      {state.accel === 'tcg' ? null : (
        <Labelled label="Irqchip">
          {(id) => (
            <Select
              id={id}
              value={state.toIrqchip}
              options={irqchips.map(({ value, label }) => ({ value, label: value === '' ? 'as it is' : label }))}
              onChange={(toIrqchip) => change({ toIrqchip }, 'replace')}
            />
          )}
        </Labelled>
      )}
      <Leavers hosts={input.hosts} out={state.out} />
      <Labelled
        label="A host as it would be"
        hint="A host snapshot (cpu-atlas probe --out FILE): of a chosen host after an update, or of a new one. It is not part of the link."
        error={pasted.kind === 'damaged' ? pasted.reason : undefined}
      >
        {(id) => (
          <textarea
            id={id}
            className="text-area pool-snapshot"
            spellCheck={false}
            value={text}
            onChange={(event) => onText(event.target.value)}
          />
        )}
      </Labelled>
      <button type="button" className="button" disabled={!isChanged} onClick={reset}>
        As it is
      </button>
    </form>
  );
}

/** The machine types of one family, oldest to newest: dragged, the answer follows. */
function MachineSlider({ input, machine, state }: Pick<WhatIfTogglesProps, 'input' | 'machine' | 'state'>) {
  const change = useChange('pools');
  const family = machine.replace(/[\d.]+$/, '');
  const options = useMachineOptions(input.hosts, state.toCatalog || state.catalog);
  const names = options.map(({ value }) => value).filter((name) => name.replace(/[\d.]+$/, '') === family);
  const sorted = [...new Set(names)].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  const shown = state.toMachine || machine;
  const at = sorted.indexOf(shown);
  if (sorted.length < 2) return null;
  return (
    <Labelled label={`Machine type: ${shown}${state.toMachine === '' ? ', as it is' : ''}`}>
      {(id) => (
        <input
          id={id}
          type="range"
          min={0}
          max={sorted.length - 1}
          value={Math.max(0, at)}
          aria-valuetext={shown}
          onChange={(event) => {
            const picked = sorted[Number(event.target.value)] ?? '';
            change({ toMachine: picked === machine ? '' : picked }, 'replace');
          }}
        />
      )}
    </Labelled>
  );
}

const shownHosts = 200;

/** Hosts to leave out: press one, or drag over several. */
function Leavers({ hosts, out }: { readonly hosts: readonly HostSummary[]; readonly out: readonly string[] }) {
  const change = useChange('pools');
  const [search, setSearch] = useState('');
  /** What a drag makes of the hosts that it passes; null: there is none. */
  const isLeaving = useRef<boolean | null>(null);
  const left = new Set(out);
  const found = hosts.filter(({ name }) => name.toLowerCase().includes(search.trim().toLowerCase()));
  const put = (id: string, isOut: boolean) => {
    if (left.has(id) !== isOut) change({ out: isOut ? [...out, id] : out.filter((one) => one !== id) }, 'replace');
  };
  const stop = () => {
    isLeaving.current = null;
  };
  const pass = (id: string) => (event: PointerEvent) => {
    if (event.buttons !== 1 || isLeaving.current === null) stop();
    else put(id, isLeaving.current);
  };
  return (
    <fieldset className="pool-leavers" onPointerUp={stop} onPointerLeave={stop}>
      <legend className="labelled-caption">
        Hosts left out{out.length === 0 ? '' : `: ${out.length}`}{' '}
        <span className="quiet">press, or drag over several</span>
      </legend>
      {hosts.length > 20 ? (
        <input
          type="search"
          className="text-input"
          aria-label="Find a host to leave out"
          placeholder="Find"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
      ) : null}
      <div className="pool-leavers-list">
        {found.slice(0, shownHosts).map(({ id, name }) => (
          <button
            key={id}
            type="button"
            className="chip pool-leaver"
            aria-pressed={left.has(id)}
            onPointerDown={(event) => {
              event.currentTarget.releasePointerCapture(event.pointerId);
              isLeaving.current = !left.has(id);
              put(id, !left.has(id));
            }}
            onPointerEnter={pass(id)}
            onKeyDown={(event) => {
              if (event.key === 'Enter' || event.key === ' ') put(id, !left.has(id));
            }}
          >
            {name}
          </button>
        ))}
      </div>
      {found.length > shownHosts ? (
        <p className="labelled-hint">and {found.length - shownHosts} more: find them above</p>
      ) : null}
    </fieldset>
  );
}
