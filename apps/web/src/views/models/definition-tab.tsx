import { listMachinesOf, listVersions, machineVersion, modelSteps } from '@cpu-atlas/core';
import type { ModelVersion } from '@cpu-atlas/core';
import { useMemo } from 'react';
import { Toggle } from '../../components/buttons.tsx';
import { compareMachines } from '../../matrix/machine-axis.ts';
import { labelMachines } from '../../matrix/machine-label.ts';
import { formatRoute, routeTo } from '../../navigation/route.ts';
import { useChange } from '../../navigation/use-route.ts';
import { Difference } from '../stability/difference.tsx';
import { listFamilies, listSpans, withoutProperties } from './model-spans.ts';
import type { ModelPart } from './model-view.tsx';

/** What the model is: version by version, and machine type by machine type. */
export function DefinitionTab({ loaded, state }: ModelPart) {
  const { index } = loaded;
  const { accel, name, machine } = state;
  const versions = useMemo(() => listVersions(index, accel, { model: name, machine }), [index, accel, name, machine]);
  return (
    <div className="page-scroll" tabIndex={0} role="region" aria-label="Definition">
      {versions.length === 0 ? null : <Versions versions={versions} loaded={loaded} state={state} />}
      <Spans loaded={loaded} state={state} />
    </div>
  );
}

function Versions({ versions, loaded, state }: ModelPart & { readonly versions: readonly ModelVersion[] }) {
  const order = loaded.index.catalog.machines.map(({ name }) => name).sort(compareMachines);
  return (
    <section className="page-section">
      <h3 className="page-section-title">
        Versions on <span className="mono">{state.machine}</span>
      </h3>
      <table className="sheet">
        <thead>
          <tr>
            <th scope="col">Version</th>
            <th scope="col">Changes from the version before</th>
            <th scope="col">Stands for the name on</th>
          </tr>
        </thead>
        <tbody>
          {versions.map(({ name, difference, defaultOn, deprecated }, at) => (
            <tr key={name} data-chosen={name === state.name ? '' : undefined}>
              <th scope="row">
                <a
                  className="mono"
                  href={formatRoute(routeTo('model', { name, catalog: loaded.hash, machine: state.machine }))}
                >
                  {name}
                </a>
                {deprecated ? ' (deprecated)' : ''}
              </th>
              <td>
                {difference === null ? (
                  <span className="quiet">{at === 0 ? 'the first' : 'nothing that a guest sees'}</span>
                ) : (
                  <Difference {...difference} />
                )}
              </td>
              <td className="quiet">{defaultOn.length === 0 ? '–' : labelMachines(defaultOn, order).title}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Spans({ loaded: { index }, state }: ModelPart) {
  const change = useChange('model');
  const { accel, name, machine, onlyBits } = state;
  const { offered, notOffered } = useMemo(() => listMachinesOf(index, accel, name), [index, accel, name]);
  const families = listFamilies(offered);
  const canonical = index.catalog.machines[index.machineByName.get(machine) ?? -1]?.name ?? machine;
  const family = machineVersion(canonical)?.family ?? families[0] ?? '';
  const spans = useMemo(() => {
    const steps = modelSteps(index, accel, name, family);
    return listSpans(onlyBits ? withoutProperties(steps) : steps, { machines: offered, family });
  }, [index, accel, name, family, offered, onlyBits]);
  return (
    <section className="page-section">
      <h3 className="page-section-title">
        On machine types of <span className="mono">{family}</span>, QEMU {index.catalog.qemu.version}
      </h3>
      <div className="model-spans-bar">
        <Toggle isOn={onlyBits} onToggle={(isOn) => change({ onlyBits: isOn })}>
          Only feature bits
        </Toggle>
        {families
          .filter((other) => other !== family)
          .map((other) => (
            <button
              key={other}
              type="button"
              className="link mono"
              onClick={() =>
                change({ machine: offered.find((one) => machineVersion(one)?.family === other) ?? machine })
              }
            >
              {other}
            </button>
          ))}
      </div>
      <table className="sheet model-spans">
        <thead>
          <tr>
            <th scope="col">Machine types</th>
            <th scope="col">Since</th>
            <th scope="col">What changed then</th>
          </tr>
        </thead>
        <tbody>
          {spans.map(({ range, machines, difference }) => (
            <tr key={machines[0]} data-chosen={machines.includes(canonical) ? '' : undefined}>
              <th scope="row" className="mono" title={machines.join(', ')}>
                {range}
              </th>
              <td className="mono models-small">{machines.at(-1)}</td>
              <td>
                {difference === null ? (
                  <span className="quiet">the oldest that QEMU {index.catalog.qemu.version} has</span>
                ) : (
                  <Difference {...difference} />
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {notOffered.length === 0 ? null : (
        <p className="quiet models-note">
          Not offered on {notOffered.length} machine types: <span className="mono">{notOffered.join(', ')}</span>
        </p>
      )}
    </section>
  );
}
