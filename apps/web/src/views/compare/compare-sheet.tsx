import { compareFeatures, findFeature } from '@cpu-atlas/core';
import type { ComparedFeature, FeatureComparison, FeatureSide } from '@cpu-atlas/core';
import { useDeferredValue, useMemo } from 'react';
import { CopyButton, IconButton, Toggle } from '../../components/buttons.tsx';
import { SearchField } from '../../components/inputs.tsx';
import { OutcomeGlyph } from '../../components/outcome-glyph.tsx';
import { formatRoute } from '../../navigation/route.ts';
import type { ViewState } from '../../navigation/route.ts';
import { useChange } from '../../navigation/use-route.ts';
import { listCoordinates } from '../models/feature-groups.ts';
import type { LoadedCatalog } from '../models/use-catalog.ts';
import { compareFacts } from './compare-facts.ts';
import type { ComparedFact } from './compare-facts.ts';
import { SnapshotChanges } from './snapshot-changes.tsx';
import { useThings } from './use-things.ts';
import type { Thing } from './use-things.ts';
import { writeComparison } from './write-comparison.ts';

interface CompareSheetProps {
  readonly loaded: LoadedCatalog;
  readonly state: ViewState<'compare'>;
  readonly onItems: (items: readonly string[]) => void;
}

/** The things as columns; facts that differ, features that differ, and what is equal behind a count. */
export function CompareSheet({ loaded, state, onItems }: CompareSheetProps) {
  const change = useChange('compare');
  const { items, machine, accel, showEqual } = state;
  const { index } = loaded;
  const search = useDeferredValue(state.search).trim().toLowerCase();
  const ground = useMemo(() => ({ index, machine, accel }), [index, machine, accel]);
  const things = useThings(items, ground, state.at);
  const coordinates = useMemo(() => listCoordinates(index), [index]);
  const { facts, features } = useMemo(() => compareThings(things), [things]);
  const isFound = ({ name }: ComparedFeature) =>
    search === '' || `${name} ${findFeature(name)?.description ?? ''}`.toLowerCase().includes(search);
  const differing = facts.filter(({ isDiffering }) => isDiffering);
  const equalFacts = facts.filter(({ isDiffering }) => !isDiffering);
  const equalFeatures = features.equal.filter(isFound);
  const hidden = equalFacts.length + equalFeatures.length;
  const columns = things.length + 1;
  const written = () =>
    writeComparison({
      titles: things.map(({ title, subtitle }) => `${title} (${subtitle})`),
      ...{ facts, features, coordinates, link: location.href },
      ground: `QEMU ${index.catalog.qemu.version}, ${machine}, ${accel}`,
    });
  return (
    <div className="page" data-superseded={loaded.isSuperseded ? '' : undefined}>
      <div className="page-toolbar">
        <SearchField
          label="Search features"
          placeholder="Feature, what it is"
          value={state.search}
          onChange={(text) => change({ search: text }, 'replace')}
        />
        <Toggle isOn={showEqual} title="Also what is equal (e)" onToggle={(isOn) => change({ showEqual: isOn })}>
          Also {hidden} equal ones
        </Toggle>
        <p className="quiet" role="status">
          {differing.length} facts and {features.differing.length} features differ
          {features.open.length === 0 ? '' : `, ${features.open.length} are not known of all`}
        </p>
        <span className="page-toolbar-end">
          <CopyButton label="Markdown" text={written} />
          <button type="button" className="button" onClick={() => onItems([])}>
            Empty
          </button>
        </span>
      </div>
      <div className="compare-scroll" tabIndex={0} role="region" aria-label="Comparison">
        <SnapshotChanges things={things} />
        <table className="sheet compare-sheet">
          <thead>
            <tr>
              <th scope="col">
                <span className="visually-hidden">What is compared</span>
              </th>
              {things.map((thing) => (
                <ThingHead
                  key={thing.key}
                  thing={thing}
                  onRemove={() => onItems(items.filter((item) => item !== thing.key))}
                />
              ))}
            </tr>
          </thead>
          <FactRows title="Facts that differ" facts={differing} columns={columns} />
          <FeatureRows
            title="Features that differ"
            features={features.differing.filter(isFound)}
            columns={columns}
            coordinates={coordinates}
            none={things.length < 2 ? 'Add a second thing.' : null}
          />
          <FeatureRows
            title="Not known of all"
            features={features.open.filter(isFound)}
            columns={columns}
            coordinates={coordinates}
          />
          {showEqual ? (
            <>
              <FactRows title="Equal facts" facts={equalFacts} columns={columns} />
              <FeatureRows
                title="Equal features"
                features={equalFeatures}
                columns={columns}
                coordinates={coordinates}
              />
            </>
          ) : null}
        </table>
      </div>
    </div>
  );
}

function compareThings(things: readonly Thing[]): {
  readonly facts: readonly ComparedFact[];
  readonly features: FeatureComparison;
} {
  const known = things.map(({ state }) => (state.kind === 'known' ? state.body : null));
  const unknown: FeatureSide = { presence: 'unknown', layer: 'not-observed', reason: 'not loaded' };
  const names = [...new Set(known.flatMap((body) => [...(body?.features.keys() ?? [])]))];
  const untold = new Map(names.map((name) => [name, unknown]));
  return {
    facts: compareFacts(known.map((body) => body?.facts ?? {})),
    features: compareFeatures(known.map((body) => body?.features ?? untold)),
  };
}

function ThingHead({ thing, onRemove }: { readonly thing: Thing; readonly onRemove: () => void }) {
  const { title, subtitle, route, state } = thing;
  return (
    <th scope="col" className="compare-head">
      <div className="compare-head-line">
        {route === null ? (
          <span className="compare-title">{title}</span>
        ) : (
          <a className="compare-title" href={formatRoute(route)}>
            {title}
          </a>
        )}
        <IconButton icon="close" label={`Take ${title} out`} onPress={onRemove} />
      </div>
      <p className="quiet compare-subtitle">{subtitle}</p>
      {state.kind === 'known' ? null : (
        <p className={state.kind === 'fault' ? 'compare-fault' : 'quiet'} role="status">
          {state.kind === 'fault' ? state.message : 'Loading …'}
        </p>
      )}
    </th>
  );
}

function GroupHead({
  title,
  count,
  columns,
}: {
  readonly title: string;
  readonly count: number;
  readonly columns: number;
}) {
  return (
    <tr className="compare-group">
      <th scope="rowgroup" colSpan={columns}>
        {title} <span className="section-count">{count}</span>
      </th>
    </tr>
  );
}

function FactRows({
  title,
  facts,
  columns,
}: {
  readonly title: string;
  readonly facts: readonly ComparedFact[];
  readonly columns: number;
}) {
  if (facts.length === 0) return null;
  return (
    <tbody>
      <GroupHead title={title} count={facts.length} columns={columns} />
      {facts.map(({ term, values }) => (
        <tr key={term}>
          <th scope="row">{term}</th>
          {values.map((value, at) => (
            <td key={at} data-quiet={value === null || value === 'unknown' ? '' : undefined}>
              {value ?? '–'}
            </td>
          ))}
        </tr>
      ))}
    </tbody>
  );
}

interface FeatureRowsProps {
  readonly title: string;
  readonly features: readonly ComparedFeature[];
  readonly columns: number;
  readonly coordinates: ReadonlyMap<string, string>;
  /** What to say when there is nothing; null: nothing. */
  readonly none?: string | null;
}

function FeatureRows({ title, features, columns, coordinates, none = null }: FeatureRowsProps) {
  if (features.length === 0 && none === null) return null;
  return (
    <tbody>
      <GroupHead title={title} count={features.length} columns={columns} />
      {none === null ? null : (
        <tr>
          <td colSpan={columns} className="quiet">
            {none}
          </td>
        </tr>
      )}
      {features.map(({ name, sides }) => (
        <tr key={name}>
          <th scope="row" className="mono" title={findFeature(name)?.description}>
            {name}
            <span className="compare-bit quiet">{coordinates.get(name)}</span>
          </th>
          {sides.map((side, at) => (
            <Side key={at} side={side} />
          ))}
        </tr>
      ))}
    </tbody>
  );
}

const presenceGlyphs = { present: 'runs', absent: 'not-offered', unknown: 'unknown' } as const;
const presenceWords = { present: 'yes', absent: 'no', unknown: 'unknown' } as const;

const layerWords = {
  hardware: 'the CPU lacks it',
  kernel: 'KVM withholds it',
  qemu: 'QEMU cannot',
  config: 'configuration',
  dependency: 'needs another',
  'not-observed': 'why is not known',
} as const;

function Side({ side: { presence, layer, reason } }: { readonly side: FeatureSide }) {
  const note = presence === 'present' ? '' : layer === null ? reason : layerWords[layer];
  return (
    <td className="compare-side" title={reason}>
      <OutcomeGlyph outcome={presenceGlyphs[presence]} />
      <span className="visually-hidden">{presenceWords[presence]}</span>
      {note === '' ? null : <span className="quiet compare-note">{note}</span>}
    </td>
  );
}
