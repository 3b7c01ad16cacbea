import type { TableColumn } from '../../components/table/table-column.ts';
import { formatRoute, routeTo } from '../../navigation/route.ts';
import { TrayButton } from '../compare/tray-button.tsx';
import type { ModelRow } from './model-rows.ts';

/** What the list of models shows. */
export function modelColumns({
  catalog,
  oldest,
}: {
  readonly catalog: string;
  /** The oldest release that is known. */
  readonly oldest: string;
}): readonly TableColumn<ModelRow>[] {
  return [
    {
      key: 'name',
      head: 'Model',
      width: 'minmax(200px, 2fr)',
      value: ({ name }) => name,
      cell: ({ name, deprecated }) => (
        <>
          <a className="mono" href={formatRoute(routeTo('model', { name, catalog }))}>
            {name}
          </a>
          {deprecated ? (
            <span className="chip" data-tone="filtered">
              deprecated
            </span>
          ) : null}
        </>
      ),
    },
    { key: 'family', head: 'Family', width: 'minmax(160px, 2fr)', value: ({ family }) => family },
    { key: 'vendor', head: 'Vendor', width: '90px', value: ({ vendor }) => vendor },
    {
      key: 'versions',
      head: 'Versions',
      title: 'And what the name without a version is on q35',
      width: 'minmax(150px, 1.5fr)',
      value: ({ versions }) => versions.length,
      cell: ({ name, versions, standsFor }) => (
        <span className="quiet">{writeVersions({ name, versions, standsFor })}</span>
      ),
    },
    {
      key: 'abi',
      head: 'ABI level',
      title: 'Of the definition on q35',
      width: '100px',
      value: ({ abiLevel }) => abiLevel ?? '–',
      cell: ({ abiLevel, features }) => (
        <span className="mono models-small">{abiLevel ?? (features === null ? '–' : 'below v1')}</span>
      ),
    },
    {
      key: 'features',
      head: 'Features',
      title: 'Features that it asks for on q35',
      width: '80px',
      align: 'end',
      value: ({ features }) => features ?? -1,
      cell: ({ features }) => features ?? '–',
    },
    {
      key: 'safe',
      head: 'Migration',
      title: 'What QEMU itself says of it: migration-safe',
      width: '100px',
      value: ({ migrationSafe }) => safeWords[migrationSafe],
    },
    {
      key: 'since',
      head: 'Since QEMU',
      title: 'The first of the known releases that has it',
      width: '110px',
      value: ({ since }) => since ?? '?',
      cell: ({ since }) => (
        <span className="mono models-small">{since === undefined ? '…' : since === '' ? `≤ ${oldest}` : since}</span>
      ),
    },
    {
      key: 'compare',
      head: '',
      width: '120px',
      value: () => '',
      cell: ({ name }) => <TrayButton item={{ kind: 'model', name }} />,
    },
  ];
}

const safeWords = { yes: 'safe', no: 'not safe', unknown: 'unknown' } as const;

function writeVersions({ name, versions, standsFor }: Pick<ModelRow, 'name' | 'versions' | 'standsFor'>): string {
  const short = (version: string) => (version.startsWith(`${name}-`) ? version.slice(name.length + 1) : version);
  const [first, last] = [versions[0], versions.at(-1)];
  if (first === undefined || last === undefined) return standsFor === null ? '' : `is ${standsFor}`;
  const range = versions.length === 1 ? short(first) : `${short(first)} … ${short(last)}`;
  return standsFor === null || versions.length === 1 ? range : `${range}, is ${short(standsFor)}`;
}
