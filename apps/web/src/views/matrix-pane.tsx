import type { ResolutionRequest } from '@cpu-atlas/core';
import { useDeferredValue, useMemo } from 'react';
import type { LoadedAtlas } from '../api/use-atlas.ts';
import { focusGrid } from '../grid/focus-grid.ts';
import { Inspector } from '../inspector/inspector.tsx';
import { ProofPanel } from '../inspector/proof-panel.tsx';
import { readCell } from '../matrix/cell.ts';
import type { MatrixState } from '../navigation/route.ts';
import type { ChangeMatrix } from '../navigation/use-route.ts';
import { keyOfCell } from '../proofs/proof-verdict.ts';
import { useProofs } from '../proofs/use-proofs.ts';
import { useKeys } from '../components/use-keys.ts';
import type { CompareItem } from './compare/compare-items.ts';
import { TrayButton } from './compare/tray-button.tsx';
import { useTray } from './compare/tray.ts';
import type { ComputedMatrix } from './use-host-matrix.ts';

interface MatrixPaneProps {
  readonly atlas: LoadedAtlas;
  readonly state: MatrixState;
  readonly cell: NonNullable<MatrixState['cell']>;
  readonly computed: Extract<ComputedMatrix, { kind: 'computed' }>;
  readonly change: ChangeMatrix;
}

/** The inspector for the chosen cell, with the proof by a real QEMU. */
export function MatrixPane({ atlas, state, cell: latestCell, computed, change }: MatrixPaneProps) {
  const cell = useDeferredValue(latestCell);
  const { proofs, prove } = useProofs();
  const tray = useTray();
  const item: CompareItem = { kind: 'cell', ...cell, host: atlas.host.id };
  useKeys({ c: () => tray.toggle(item) });
  const { context, matrix } = computed;
  const { accel, irqchip } = state;
  const request = useMemo(
    (): ResolutionRequest => ({
      accel,
      machine: cell.machine,
      cpu: cell.model,
      ...(irqchip === '' || accel === 'tcg' ? {} : { kernelIrqchip: irqchip }),
    }),
    [accel, irqchip, cell],
  );
  const model = matrix.models.findIndex(({ name }) => name === cell.model);
  const column = matrix.columns.findIndex(({ machines }) => machines.includes(cell.machine));
  const isKnown = model >= 0 && column >= 0;
  const isOffered = !isKnown || readCell(matrix, { model, column }).outcome !== 'not-offered';
  const binary = atlas.host.qemu.find(({ catalog }) => catalog === atlas.catalogHash);
  const key = keyOfCell(
    { snapshot: atlas.snapshotHash, catalog: atlas.catalogHash, accel, irqchip, model: cell.model },
    cell.machine,
  );
  return (
    <aside className="matrix-pane" style={{ width: state.paneWidth }} aria-label="Explanation">
      <Inspector
        context={context}
        request={request}
        equals={matrix.columns[column]?.machines ?? []}
        host={atlas.host.name}
        qemu={binary?.version ?? atlas.catalog.qemu.version}
        isOffered={isOffered}
        onPickMachine={(machine) => change({ cell: { model: cell.model, machine } })}
        onClose={() => {
          change({ cell: null });
          focusGrid();
        }}
        proof={
          <>
            <p className="inspector-note">
              <TrayButton item={item} hint="c" />
            </p>
            <ProofPanel
              proof={proofs.get(key)}
              isBusy={[...proofs.values()].some(({ kind }) => kind === 'running')}
              obstacle={findObstacle(atlas, binary?.path)}
              qemu={binary?.version ?? atlas.catalog.qemu.version}
              onProve={() => {
                void prove(key, {
                  ...request,
                  host: atlas.host.id,
                  ...(binary === undefined ? {} : { qemu: binary.path }),
                });
              }}
            />
          </>
        }
      />
    </aside>
  );
}

/** Why no QEMU can be asked about this cell; null when one can. */
function findObstacle({ host, catalog, snapshotHash }: LoadedAtlas, path: string | undefined): string | null {
  if (path === undefined)
    return `QEMU ${catalog.qemu.version} is not installed on ${host.name}: choose an installed one to prove a cell`;
  if (snapshotHash !== host.snapshotHash) return 'this is an older snapshot: choose the newest one to prove a cell';
  return null;
}
