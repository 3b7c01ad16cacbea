import { viewRegisters } from '@cpu-atlas/core';
import type { BitView, HostSnapshot, Presence, RegisterSource, RegistersView } from '@cpu-atlas/core';
import { useDeferredValue, useMemo } from 'react';
import { faultOf } from '../../api/fault.ts';
import type { Fault } from '../../api/fault.ts';
import { Toggle } from '../../components/buttons.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { FaultNotice } from '../../components/fault-notice.tsx';
import { Icon } from '../../components/icons.tsx';
import { SearchField } from '../../components/inputs.tsx';
import { OutcomeGlyph } from '../../components/outcome-glyph.tsx';
import type { ViewState } from '../../navigation/route.ts';
import type { ChangeState } from '../../navigation/use-route.ts';
import { findRegisters } from './find-registers.ts';
import type { FoundRegister } from './find-registers.ts';
import './register-explorer.css';

interface RegisterExplorerProps {
  readonly snapshot: HostSnapshot;
  readonly state: ViewState<'host'>;
  readonly change: ChangeState<'host'>;
}

/** Every register of the host, silicon beside KVM, down to the bit. */
export function RegisterExplorer({ snapshot, state, change }: RegisterExplorerProps) {
  const read = useMemo(() => readRegisters(snapshot), [snapshot]);
  const search = useDeferredValue(state.search);
  const found = useMemo(
    () => ('fault' in read ? [] : findRegisters(read, { search, onlyDiffering: state.differing })),
    [read, search, state.differing],
  );
  if ('fault' in read) return <FaultNotice fault={read.fault} />;
  if (read.sources.length === 0) {
    return (
      <EmptyState title="No register of this host is known">
        <p>The snapshot has neither a hardware nor a KVM layer. Probe the host with cpu-atlas, or import a dump.</p>
      </EmptyState>
    );
  }
  return (
    <div className="page">
      <div className="page-toolbar">
        <SearchField
          label="Search features and registers"
          value={state.search}
          placeholder="avx2, 7.0.EBX, msr.10a"
          onChange={(text) => change({ search: text }, 'replace')}
        />
        <Toggle isOn={state.differing} onToggle={(differing) => change({ differing })}>
          Only where silicon and KVM differ
        </Toggle>
        <p className="page-toolbar-end quiet" role="status">
          {found.length} of {read.registers.length} registers
        </p>
      </div>
      <div className="page-scroll" tabIndex={0} role="region" aria-label="Registers">
        <table className="sheet registers">
          <thead>
            <tr>
              <th scope="col">Register</th>
              {read.sources.map((source) => (
                <th scope="col" key={nameSource(source)}>
                  {nameSource(source)}
                </th>
              ))}
              <th scope="col">What it holds</th>
            </tr>
          </thead>
          {found.map((one) => (
            <Register
              key={one.register.key}
              found={one}
              columns={read.sources.length + 2}
              isOpen={state.register === one.register.key || search !== '' || state.differing}
              onToggle={() =>
                change({ register: state.register === one.register.key ? '' : one.register.key }, 'replace')
              }
            />
          ))}
        </table>
        {found.length === 0 ? (
          <EmptyState title="No register fits">
            <p>
              Nothing is called “{state.search}”{state.differing ? ' where silicon and KVM differ' : ''}.
            </p>
          </EmptyState>
        ) : null}
      </div>
    </div>
  );
}

function readRegisters(snapshot: HostSnapshot): RegistersView | { readonly fault: Fault } {
  try {
    return viewRegisters(snapshot);
  } catch (thrown) {
    return { fault: faultOf(thrown) };
  }
}

function nameSource(source: RegisterSource): string {
  switch (source.kind) {
    case 'cpu':
      return `CPU ${source.cpus}`;
    case 'kvm-supported':
      return 'KVM offers';
    case 'kvm-emulated':
      return 'KVM emulates';
  }
}

interface RegisterProps {
  readonly found: FoundRegister;
  readonly columns: number;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
}

function Register({ found: { register, bits }, columns, isOpen, onToggle }: RegisterProps) {
  const canOpen = bits.length > 0;
  return (
    <tbody>
      <tr>
        <th scope="row">
          {canOpen ? (
            <button type="button" className="register-name mono" aria-expanded={isOpen} onClick={onToggle}>
              <Icon name={isOpen ? 'down' : 'right'} size={12} /> {register.key}
            </button>
          ) : (
            <span className="register-name mono">{register.key}</span>
          )}
        </th>
        {register.values.map((value, at) => (
          <td key={at} className="mono" data-quiet={value === null || /^0x0+$/.test(value) ? '' : undefined}>
            {value ?? 'not told'}
          </td>
        ))}
        <td className="quiet">{register.title ?? ''}</td>
      </tr>
      {isOpen && canOpen ? (
        <tr>
          <td colSpan={columns} className="register-bits">
            <ul>
              {bits.map((bit) => (
                <Bit key={bit.bit} bit={bit} />
              ))}
            </ul>
          </td>
        </tr>
      ) : null}
    </tbody>
  );
}

const presenceGlyphs = { present: 'runs', absent: 'not-offered', unknown: 'unknown' } as const satisfies Record<
  Presence,
  string
>;

function Bit({ bit: { bit, name, description, presence } }: { readonly bit: BitView }) {
  return (
    <li className="register-bit">
      <span className="mono quiet register-bit-number">{bit}</span>
      {presence.map((state, at) => (
        <span key={at} title={state}>
          <OutcomeGlyph outcome={presenceGlyphs[state]} />
          <span className="visually-hidden">{state}</span>
        </span>
      ))}
      <span className="mono">{name ?? '–'}</span>
      <span className="quiet register-bit-text">{description}</span>
    </li>
  );
}
