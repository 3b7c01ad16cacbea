import type { HostMatrix } from '@cpu-atlas/core';
import type { LoadedAtlas } from '../api/use-atlas.ts';
import type { Command } from '../components/command-palette.tsx';
import { compareMachines } from '../matrix/machine-axis.ts';
import type { MatrixState } from '../navigation/route.ts';
import type { ChangeMatrix } from '../navigation/use-route.ts';

interface CommandSource {
  readonly atlas: LoadedAtlas;
  readonly matrix: HostMatrix;
  readonly state: MatrixState;
  readonly change: ChangeMatrix;
}

/** What the matrix adds to the command palette: its switches, every model, every machine type. */
export function listCommands(source: CommandSource): readonly Command[] {
  return [...listSwitches(source), ...listModelJumps(source), ...listMachineFilters(source)];
}

function listSwitches({ state, change }: CommandSource): readonly Command[] {
  const group = 'Matrix';
  const other = state.accel === 'kvm' ? 'tcg' : 'kvm';
  const dense = state.density === 'compact' ? 'comfortable' : 'compact';
  return [
    { group, label: 'Transpose', note: 't', run: () => change({ isTransposed: !state.isTransposed }) },
    {
      group,
      label: state.onlyDiffering ? 'Show all models' : 'Only models that differ',
      note: 'd',
      run: () => change({ onlyDiffering: !state.onlyDiffering }),
    },
    {
      group,
      label: state.showDeprecated ? 'Hide deprecated' : 'Show deprecated',
      run: () => change({ showDeprecated: !state.showDeprecated }),
    },
    { group, label: 'Fold all families', run: () => change({ folded: ['*'] }) },
    { group, label: 'Unfold all families', run: () => change({ folded: [] }) },
    { group, label: `Accelerator ${other}`, run: () => change({ accel: other }) },
    { group, label: `Rows ${dense}`, keywords: 'density', run: () => change({ density: dense }) },
  ];
}

/** Going to a model explains it on the machine type one looks at, or on the newest. */
function listModelJumps({ matrix, state, change }: CommandSource): readonly Command[] {
  const machine = state.cell?.machine ?? matrix.columns[0]?.machines[0];
  if (machine === undefined) return [];
  return matrix.models.map(({ name, family, deprecated }): Command => ({
    group: 'Models',
    label: name,
    note: family,
    run: () =>
      change({
        cell: { model: name, machine },
        search: '',
        onlyDiffering: false,
        showDeprecated: state.showDeprecated || deprecated,
        folded: state.folded.filter((folded) => folded !== family && folded !== '*'),
      }),
  }));
}

function listMachineFilters({ matrix, change }: CommandSource): readonly Command[] {
  const machines = matrix.columns.flatMap((column) => column.machines).sort(compareMachines);
  return [
    { group: 'Machine types', label: 'all machine types', run: () => change({ machines: '' }) },
    ...machines.map((name): Command => ({
      group: 'Machine types',
      label: name,
      run: () => change({ machines: name }),
    })),
  ];
}
