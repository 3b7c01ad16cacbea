import { readDefinition } from '@cpu-atlas/core';
import { useDeferredValue, useMemo } from 'react';
import { CopyButton } from '../../components/buttons.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { SearchField } from '../../components/inputs.tsx';
import { useChange } from '../../navigation/use-route.ts';
import { groupFeatures } from './feature-groups.ts';
import type { FeatureGroup } from './feature-groups.ts';
import type { ModelPart } from './model-view.tsx';

/** All that the model asks for, register by register. */
export function FeaturesTab({ loaded: { index }, state }: ModelPart) {
  const change = useChange('model');
  const search = useDeferredValue(state.search);
  const { accel, name, machine } = state;
  const definition = useMemo(
    () => readDefinition(index, accel, { model: name, machine }),
    [index, accel, name, machine],
  );
  const groups = useMemo(
    () => groupFeatures(index, { names: definition?.features ?? [], search }),
    [index, definition, search],
  );
  const dormant = useMemo(
    () => groupFeatures(index, { names: definition?.dormant ?? [], search }),
    [index, definition, search],
  );
  if (definition === null) {
    return (
      <EmptyState title={`${machine} does not offer ${name}`}>
        <p>Choose another machine type above.</p>
      </EmptyState>
    );
  }
  const found = groups.reduce((sum, { features }) => sum + features.length, 0);
  return (
    <div className="page">
      <div className="page-toolbar">
        <SearchField
          label="Search features"
          placeholder="Name, bit, what it is"
          value={state.search}
          onChange={(text) => change({ search: text }, 'replace')}
        />
        <p className="quiet" role="status">
          {found} of {definition.features.length}
        </p>
        <span className="page-toolbar-end">
          <CopyButton label="Names" text={() => definition.features.join(',')} />
        </span>
      </div>
      <div className="page-scroll" tabIndex={0} role="region" aria-label="Features">
        <FeatureSheet groups={groups} />
        {dormant.length === 0 ? null : (
          <>
            <h3 className="page-section-title models-note">
              Asked for, but cleared by QEMU as long as what they need is not
            </h3>
            <FeatureSheet groups={dormant} />
          </>
        )}
        {groups.length + dormant.length === 0 ? (
          <EmptyState title="It asks for nothing of that name">
            <p>
              Nothing that {name} asks for on {machine} fits “{state.search}”.
            </p>
          </EmptyState>
        ) : null}
      </div>
    </div>
  );
}

function FeatureSheet({ groups }: { readonly groups: readonly FeatureGroup[] }) {
  return (
    <table className="sheet model-features">
      {groups.map(({ key, title, features }) => (
        <tbody key={key}>
          <tr className="model-features-head">
            <th scope="rowgroup" colSpan={4}>
              {title} <span className="section-count">{features.length}</span>
            </th>
          </tr>
          {features.map(({ name, bit, description, requires }) => (
            <tr key={name}>
              <th scope="row" className="mono">
                {name}
              </th>
              <td className="mono models-small">{bit}</td>
              <td>{description}</td>
              <td className="quiet">{requires.length === 0 ? '' : `needs ${requires.join(', ')}`}</td>
            </tr>
          ))}
        </tbody>
      ))}
    </table>
  );
}
