import type { StabilityResult } from '@cpu-atlas/contract';
import { useDeferredValue, useMemo } from 'react';
import { CopyButton, Toggle } from '../../components/buttons.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { SearchField } from '../../components/inputs.tsx';
import { formatRoute, routeTo } from '../../navigation/route.ts';
import type { ViewState } from '../../navigation/route.ts';
import { useChange } from '../../navigation/use-route.ts';
import { listChangeRows, listMachineLines } from './change-rows.ts';
import type { ChangeRow, MachineLine } from './change-rows.ts';
import { Difference, writeDifference } from './difference.tsx';

export interface StabilityPart {
  readonly result: StabilityResult;
  readonly state: ViewState<'stability'>;
}

/** Machine types and models that are not the same in the next release, although they promise to be. */
export function ChangesTab({ result, state }: StabilityPart) {
  const change = useChange('stability');
  const search = useDeferredValue(state.search);
  const { accel, step, showUnpromised } = state;
  const rows = useMemo(
    () => listChangeRows(result, { accel, step, search, showUnpromised }),
    [result, accel, step, search, showUnpromised],
  );
  const { steps, lines } = useMemo(
    () => listMachineLines(result, { accel, showUnpromised }),
    [result, accel, showUnpromised],
  );
  const broken = result.changes.filter((one) => one.accel === accel && one.isPromised).length;
  return (
    <div className="page">
      <div className="page-toolbar">
        <SearchField
          label="Search changes"
          placeholder="Model, machine type, feature"
          value={state.search}
          onChange={(text) => change({ search: text }, 'replace')}
        />
        <Toggle
          isOn={showUnpromised}
          title="microvm and others without a version: they promise nothing"
          onToggle={(isOn) => change({ showUnpromised: isOn })}
        >
          Also machine types without a version
        </Toggle>
        <p className="quiet" role="status">
          {broken === 0 ? 'No promise was broken' : `${broken} broken ${broken === 1 ? 'promise' : 'promises'}`}
        </p>
        <span className="page-toolbar-end">
          <CopyButton label="Markdown" text={() => writeChanges(rows)} />
        </span>
      </div>
      {result.releases.length < 2 ? (
        <EmptyState title="One release is not enough">
          <p>Harvest a second QEMU, and what differs between them is shown here.</p>
        </EmptyState>
      ) : (
        <div className="stability-split">
          <div className="page-scroll" tabIndex={0} role="region" aria-label="Changes">
            <ChangeList rows={rows} />
          </div>
          <aside className="page-side stability-machines" tabIndex={0} aria-label="Machine types by release">
            <MachineSheet steps={steps} lines={lines} state={state} />
          </aside>
        </div>
      )}
    </div>
  );
}

function ChangeList({ rows }: { readonly rows: readonly ChangeRow[] }) {
  if (rows.length === 0) {
    return (
      <EmptyState title="Nothing changed">
        <p>Every definition that the filters leave is the same in all known releases.</p>
      </EmptyState>
    );
  }
  return (
    <table className="sheet">
      <thead>
        <tr>
          <th scope="col">From → to</th>
          <th scope="col">What changed</th>
          <th scope="col">Models</th>
          <th scope="col">On machine types</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ key, change, models, machines, machineCount }) => (
          <tr key={key}>
            <th scope="row">
              <span className="mono">
                {change.from} → {change.to}
              </span>
              <br />
              <span className="chip" data-tone={change.isPromised ? 'refused' : 'quiet'}>
                {change.isPromised ? 'promise broken' : 'not promised'}
              </span>
            </th>
            <td>
              <Difference {...change} />
            </td>
            <td>
              <ModelLinks models={models} machine={change.cells[0]?.machines[0] ?? ''} />
            </td>
            <td className="mono stability-small">
              {machines} <span className="quiet">({machineCount})</span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function ModelLinks({ models, machine }: { readonly models: readonly string[]; readonly machine: string }) {
  return (
    <ul className="stability-models">
      {models.map((name) => (
        <li key={name}>
          <a className="mono stability-small" href={formatRoute(routeTo('model', { name, machine }))}>
            {name}
          </a>
        </li>
      ))}
    </ul>
  );
}

interface MachineSheetProps {
  readonly steps: readonly string[];
  readonly lines: readonly MachineLine[];
  readonly state: ViewState<'stability'>;
}

/** How many models changed: machine types down, steps between releases across. */
function MachineSheet({ steps, lines, state }: MachineSheetProps) {
  const change = useChange('stability');
  return (
    <table className="sheet">
      <thead>
        <tr>
          <th scope="col">Models changed</th>
          {steps.map((step) => (
            <th key={step} scope="col" className="number">
              <button
                type="button"
                className="link"
                aria-pressed={state.step === step}
                title={state.step === step ? 'Show all steps' : 'Only this step'}
                onClick={() => change({ step: state.step === step ? '' : step })}
              >
                {step.replace('..', ' → ')}
              </button>
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {lines.map(({ label, machines, changed }) => (
          <tr key={label}>
            <th scope="row" className="mono stability-label" title={machines.join(', ')}>
              {label}
            </th>
            {changed.map((count, at) => (
              <td key={steps[at]} className="number" data-tone={count === null || count === 0 ? 'quiet' : 'changed'}>
                {count ?? '–'}
              </td>
            ))}
          </tr>
        ))}
        {lines.length === 0 ? (
          <tr>
            <td colSpan={steps.length + 1} className="quiet">
              none
            </td>
          </tr>
        ) : null}
      </tbody>
    </table>
  );
}

function writeChanges(rows: readonly ChangeRow[]): string {
  return [
    '| QEMU | promised | change | models | machine types |',
    '|---|---|---|---|---|',
    ...rows.map(
      ({ change, models, machines }) =>
        `| ${change.from} → ${change.to} | ${change.isPromised ? 'yes' : 'no'} | ${writeDifference(change)} | ${models.join(', ')} | ${machines} |`,
    ),
    '',
  ].join('\n');
}
