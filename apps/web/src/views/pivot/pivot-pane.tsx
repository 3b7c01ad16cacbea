import { useQuery } from '@tanstack/react-query';
import { createContext as createResolveContext, indexCatalog } from '@cpu-atlas/core';
import type { Cube, ResolutionRequest, ResolveContext } from '@cpu-atlas/core';
import { useMemo } from 'react';
import { faultOf } from '../../api/fault.ts';
import { catalogQuery, hostQuery } from '../../api/queries.ts';
import { FaultNotice } from '../../components/fault-notice.tsx';
import { IconButton } from '../../components/buttons.tsx';
import { OutcomeGlyph } from '../../components/outcome-glyph.tsx';
import type { Cursor } from '../../grid/cursor.ts';
import { focusGrid } from '../../grid/focus-grid.ts';
import { Inspector } from '../../inspector/inspector.tsx';
import { Section } from '../../inspector/section.tsx';
import { outcomeWords, outcomes } from '../../matrix/cell.ts';
import { formatRoute, routeTo } from '../../navigation/route.ts';
import type { ViewState } from '../../navigation/route.ts';
import type { ChangeState } from '../../navigation/use-route.ts';
import { useKeys } from '../../components/use-keys.ts';
import type { CompareItem } from '../compare/compare-items.ts';
import { TrayButton } from '../compare/tray-button.tsx';
import { useTray } from '../compare/tray.ts';
import { placeOf } from './cell-place.ts';
import type { CellPlace } from './cell-place.ts';
import { soleOutcome } from './lay-pivot.ts';
import type { PivotPicture } from './pivot-picture.ts';

interface PivotPaneProps {
  readonly cube: Cube;
  readonly picture: PivotPicture;
  readonly place: Cursor;
  readonly state: ViewState<'pivot'>;
  readonly change: ChangeState<'pivot'>;
}

/** What lies behind a cell of the fleet: one launch explained, or the things that it counts. */
export function PivotPane({ cube, picture, place, state, change }: PivotPaneProps) {
  const target = placeOf(cube, picture, place, state);
  const close = () => {
    change({ row: '', column: '' });
    focusGrid();
  };
  return (
    <aside className="matrix-pane" style={{ width: state.paneWidth }} aria-label="Explanation">
      {target.host === null || target.model === null || target.machine === null || target.isSilent ? (
        <Behind cube={cube} picture={picture} place={place} target={target} onClose={close} />
      ) : (
        <OneCell
          key={target.host}
          cube={cube}
          state={state}
          target={{ host: target.host, model: target.model, machine: target.machine }}
          equals={target.hosts}
          isOffered={soleOutcome(picture.tallyOf(place.row, place.column)) !== 'not-offered'}
          onClose={close}
        />
      )}
    </aside>
  );
}

interface OneCellProps {
  readonly cube: Cube;
  readonly state: ViewState<'pivot'>;
  readonly target: { readonly host: string; readonly model: string; readonly machine: string };
  readonly equals: readonly string[];
  readonly isOffered: boolean;
  readonly onClose: () => void;
}

function OneCell({ cube, state, target, equals, isOffered, onClose }: OneCellProps) {
  const host = useQuery(hostQuery(target.host));
  const tray = useTray();
  const item: CompareItem = { kind: 'cell', ...target };
  useKeys({ c: () => tray.toggle(item) });
  const fingerprint = cube.hosts.fingerprintOf[cube.hosts.ids.indexOf(target.host)] ?? -1;
  const sheet = cube.sheets[cube.sheetOf[fingerprint] ?? -1];
  const catalog = useQuery(catalogQuery(sheet?.qemu.catalog ?? ''));
  const runsAs = sheet?.qemu.runsAs ?? null;
  const context = useMemo((): ResolveContext | null => {
    if (host.data === undefined || catalog.data === undefined) return null;
    return createResolveContext(indexCatalog(catalog.data.catalog, runsAs ?? undefined), host.data.snapshot);
  }, [host.data, catalog.data, runsAs]);
  const failed = [host, catalog].find(({ isError, data }) => isError && data === undefined);
  if (failed !== undefined) return <FaultNotice fault={faultOf(failed.error)} onRetry={() => void failed.refetch()} />;
  if (context === null || host.data === undefined) {
    return (
      <p className="inspector-block" role="status">
        Loading {target.host} …
      </p>
    );
  }
  const request: ResolutionRequest = {
    accel: state.accel,
    machine: target.machine,
    cpu: target.model,
    ...(state.irqchip === '' || state.accel === 'tcg' ? {} : { kernelIrqchip: state.irqchip }),
  };
  return (
    <Inspector
      context={context}
      request={request}
      equals={[]}
      host={host.data.summary.name}
      qemu={runsAs ?? sheet?.qemu.version ?? ''}
      isOffered={isOffered}
      onPickMachine={() => undefined}
      onClose={onClose}
      proof={
        <p className="inspector-note">
          <TrayButton item={item} hint="c" />{' '}
          <a
            href={formatRoute(
              routeTo('matrix', {
                host: target.host,
                accel: state.accel,
                cell: { model: target.model, machine: target.machine },
              }),
            )}
          >
            Open the matrix of {host.data.summary.name}
          </a>
          , where a real QEMU can prove it.{equals.length > 1 ? ` ${equals.length - 1} hosts are equal to it.` : ''}
        </p>
      }
    />
  );
}

interface BehindProps {
  readonly cube: Cube;
  readonly picture: PivotPicture;
  readonly place: Cursor;
  readonly target: CellPlace;
  readonly onClose: () => void;
}

/** Counts behind a cell, and the hosts. */
function Behind({ cube, picture, place, target, onClose }: BehindProps) {
  const row = picture.rows[place.row];
  const column = picture.columns[place.column];
  const tally = picture.tallyOf(place.row, place.column);
  const names = new Map(cube.hosts.ids.map((id, at) => [id, cube.hosts.names[at] ?? id]));
  return (
    <article className="inspector" data-testid="inspector">
      <header className="inspector-head">
        <div>
          <h2 className="inspector-model mono">{row?.label}</h2>
          <p className="inspector-place">
            on <span className="mono">{column?.title}</span>
          </p>
        </div>
        <IconButton icon="close" label="Close (Esc)" onPress={onClose} />
      </header>
      <div className="inspector-scroll" tabIndex={0} role="region" aria-label="What is counted">
        <div className="inspector-block">
          <ul>
            {outcomes
              .filter((outcome) => tally[outcome] > 0)
              .map((outcome) => (
                <li key={outcome}>
                  <OutcomeGlyph outcome={outcome} /> {tally[outcome]} {outcomeWords[outcome]}
                </li>
              ))}
          </ul>
          {target.isSilent ? <p>These hosts are silent: what they would say now is not known.</p> : null}
        </div>
        {target.hosts.length === 0 ? null : (
          <Section title="Hosts" count={target.hosts.length}>
            <ul className="inspector-machines">
              {target.hosts.slice(0, 200).map((id) => (
                <li key={id}>
                  <a href={formatRoute(routeTo('host', { id }))}>{names.get(id) ?? id}</a>
                </li>
              ))}
            </ul>
          </Section>
        )}
      </div>
    </article>
  );
}
