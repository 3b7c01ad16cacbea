import { useQuery } from '@tanstack/react-query';
import type { SecurityResult } from '@cpu-atlas/contract';
import { useDeferredValue, useId, useMemo, useState } from 'react';
import { faultOf } from '../../api/fault.ts';
import { securityQuery } from '../../api/queries.ts';
import { AsOfBanner } from '../../components/as-of-banner.tsx';
import { Toggle } from '../../components/buttons.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { Banner, FaultNotice } from '../../components/fault-notice.tsx';
import { SearchField, focusSearchField } from '../../components/inputs.tsx';
import { LaunchFields } from '../../components/launch-fields.tsx';
import { Shell } from '../../components/shell.tsx';
import { Splitter } from '../../components/splitter.tsx';
import { TimeField } from '../../components/time-field.tsx';
import { useKeys } from '../../components/use-keys.ts';
import { focusGrid } from '../../grid/focus-grid.ts';
import { Grid } from '../../grid/grid.tsx';
import { outcomeCharacter, outcomes } from '../../matrix/cell.ts';
import { clampPaneWidth } from '../../navigation/matrix-fields.ts';
import { formatRoute, routeTo } from '../../navigation/route.ts';
import type { ViewState } from '../../navigation/route.ts';
import { useChange } from '../../navigation/use-route.ts';
import type { ChangeState } from '../../navigation/use-route.ts';
import { MatrixSkeleton } from '../matrix-skeleton.tsx';
import { PrintedMatrix } from '../printed-matrix.tsx';
import { SecurityPane } from './security-pane.tsx';
import { buildSecurityGrid, countGaps, glyphWords, listFlags } from './security-grid.ts';
import '../matrix-screen.css';
import './security.css';

interface SecurityProps {
  readonly state: ViewState<'security'>;
  readonly change: ChangeState<'security'>;
}

/** Which mitigations a guest has on each host, against what the hosts say of their vulnerabilities. */
export function SecurityView({ state }: { readonly state: ViewState<'security'> }) {
  const change = useChange('security');
  const { model, machine, accel, irqchip, at } = state;
  const { data, error, isPlaceholderData, refetch } = useQuery(
    securityQuery({
      ...{ model, accel },
      ...(machine === '' ? {} : { machine }),
      ...(irqchip === '' || accel === 'tcg' ? {} : { kernelIrqchip: irqchip }),
      ...(at === '' ? {} : { at }),
    }),
  );
  useKeys({
    '/': focusSearchField,
    g: () => change({ onlyGaps: !state.onlyGaps }),
    Escape: () => {
      change(state.flag === '' ? { search: '' } : { flag: '', host: '' });
      focusGrid();
    },
  });
  return (
    <Shell title="Security" panel={<SecurityPanel state={state} change={change} result={data} />} commands={[]}>
      <AsOfBanner at={state.at} onNow={() => change({ at: '' })} />
      {error !== null ? (
        <FaultNotice fault={faultOf(error)} onRetry={() => void refetch()}>
          <button type="button" className="button" onClick={() => change({ model: 'host', machine: '' })}>
            -cpu host on the default machine type
          </button>
        </FaultNotice>
      ) : data === undefined ? (
        <MatrixSkeleton what="mitigations of the fleet" />
      ) : (
        <LoadedSecurity result={data} state={state} change={change} isSuperseded={isPlaceholderData} />
      )}
    </Shell>
  );
}

interface LoadedProps extends SecurityProps {
  readonly result: SecurityResult;
  readonly isSuperseded: boolean;
}

function LoadedSecurity({ result, state, change, isSuperseded }: LoadedProps) {
  const search = useDeferredValue(state.search);
  const { onlyGaps } = state;
  const flags = useMemo(() => listFlags(result, { search, onlyGaps }), [result, search, onlyGaps]);
  const grid = useMemo(() => buildSecurityGrid(result, flags), [result, flags]);
  const gaps = useMemo(() => countGaps(result), [result]);
  const row = flags.findIndex(({ flag }) => flag === state.flag);
  const column = result.groups.findIndex(({ hosts }) => hosts.some(({ id }) => id === state.host));
  const chosen = row < 0 || column < 0 ? null : { row, column };
  const hostCount = result.groups.reduce((sum, { hosts }) => sum + hosts.length, 0);
  const unknown = result.groups
    .filter(
      ({ security }) => security.kind === 'unknown' || (security.kind === 'judged' && security.status === 'unknown'),
    )
    .reduce((sum, { hosts }) => sum + hosts.length, 0);
  if (hostCount === 0)
    return (
      <EmptyState title="No host is known yet">
        <p>Import one, or let one join: see Manage.</p>
      </EmptyState>
    );
  return (
    <>
      {unknown === 0 ? null : (
        <Banner>
          {unknown} of {hostCount} hosts do not tell all that decides: what is not known is unknown, not safe.
        </Banner>
      )}
      <div className="page-toolbar">
        <SearchField
          label="Search flags"
          placeholder="Flag, CVE, what it is against"
          value={state.search}
          onChange={(text) => change({ search: text }, 'replace')}
        />
        <Toggle isOn={onlyGaps} onToggle={() => change({ onlyGaps: !onlyGaps })} title="g">
          Only gaps
        </Toggle>
        <p className="security-counts">
          <GapCount sign="✕" count={gaps['over-claimed']} verdict="bad" /> over-claim,{' '}
          <GapCount sign="✕" count={gaps['host-lacks']} verdict="bad" /> lack,{' '}
          <GapCount sign="◐" count={gaps['should-be-on']} verdict="warn" /> could have more, of {hostCount} hosts
        </p>
        <p className="page-toolbar-end">
          <a href={formatRoute(routeTo('reports', { kind: 'security', ...exportOf(state) }))} className="button">
            Export
          </a>
        </p>
      </div>
      <div className="matrix-split">
        <div className="matrix-area" data-superseded={isSuperseded ? '' : undefined}>
          <Grid
            label={`Mitigation flags by host, -cpu ${result.model}, ${result.machine}, ${result.accel}`}
            model={grid}
            density="compact"
            chosen={chosen}
            onChoose={(place) =>
              change(
                { flag: flags[place.row]?.flag ?? '', host: result.groups[place.column]?.hosts[0]?.id ?? '' },
                state.flag === '' ? 'push' : 'replace',
              )
            }
            onToggleFold={() => undefined}
            readout={glyphLine}
          />
          {flags.length > 0 ? null : (
            <div className="matrix-nothing" role="status">
              <p>{onlyGaps && search === '' ? 'No gap is known.' : 'No flag fits the search and the switch.'}</p>
              <button type="button" className="button" onClick={() => change({ search: '', onlyGaps: false })}>
                Show all flags
              </button>
            </div>
          )}
        </div>
        {chosen === null ? null : (
          <>
            <Splitter
              label="Width of the explanation"
              width={state.paneWidth}
              onResize={(width) => change({ paneWidth: clampPaneWidth(width) }, 'replace')}
            />
            <SecurityPane
              result={result}
              row={flags[chosen.row]}
              group={result.groups[chosen.column]}
              state={state}
              change={change}
            />
          </>
        )}
      </div>
      <PrintedMatrix caption={writeCaption(result, hostCount, state)} model={grid} words={glyphWords} />
    </>
  );
}

interface GapCountProps {
  readonly sign: string;
  readonly count: number;
  readonly verdict: 'bad' | 'warn';
}

/** Coloured only where there is something to mend. */
function GapCount({ sign, count, verdict }: GapCountProps) {
  return (
    <span data-verdict={count === 0 ? undefined : verdict}>
      {sign} {count}
    </span>
  );
}

const glyphLine = outcomes.map((outcome) => `${outcomeCharacter[outcome]} ${glyphWords[outcome]}`).join(' · ');

/** The front panel on paper. */
function writeCaption(
  { model, machine, accel }: SecurityResult,
  hostCount: number,
  { irqchip, search, onlyGaps, at }: ViewState<'security'>,
): string {
  const parts = [
    `Mitigation flags of a guest with -cpu ${model} on ${hostCount} hosts`,
    `machine type ${machine}`,
    `accelerator ${accel}`,
    ...(irqchip === '' ? [] : [`kernel-irqchip=${irqchip}`]),
    ...(at === '' ? [] : [`as of ${at}`]),
    ...(search === '' ? [] : [`search “${search}”`]),
    ...(onlyGaps ? ['only gaps'] : []),
  ];
  return `${parts.join('; ')}.`;
}

const exportOf = ({ model, machine, accel, irqchip, at }: ViewState<'security'>) => ({
  ...{ model, machine, accel, irqchip, at },
});

function SecurityPanel({ state, change, result }: SecurityProps & { readonly result: SecurityResult | undefined }) {
  return (
    <>
      <PanelText
        label="-cpu"
        value={state.model}
        onChange={(model) => change({ model: model === '' ? 'host' : model })}
      />
      <PanelText
        label="Machine type"
        value={state.machine}
        placeholder={result?.machine ?? 'newest common q35'}
        onChange={(machine) => change({ machine })}
      />
      <LaunchFields state={state} onChange={change} />
      <TimeField at={state.at} onPick={(at) => change({ at })} />
    </>
  );
}

interface PanelTextProps {
  readonly label: string;
  readonly value: string;
  readonly placeholder?: string;
  readonly onChange: (value: string) => void;
}

/** A text of the front panel; it counts when it is left or Enter is pressed, as each answer takes a moment. */
function PanelText({ label, value, placeholder, onChange }: PanelTextProps) {
  const id = useId();
  const [draft, setDraft] = useState<string | null>(null);
  const settle = () => {
    if (draft !== null && draft.trim() !== value) onChange(draft.trim());
    setDraft(null);
  };
  return (
    <div className="field">
      <label htmlFor={id} className="field-label">
        {label}
      </label>
      <input
        id={id}
        className="security-input mono"
        value={draft ?? value}
        placeholder={placeholder}
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => setDraft(event.target.value)}
        onBlur={settle}
        onKeyDown={(event) => {
          if (event.key === 'Enter') settle();
        }}
      />
    </div>
  );
}
