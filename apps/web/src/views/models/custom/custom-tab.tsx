import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { SavedCustomModel } from '@cpu-atlas/contract';
import { useMemo } from 'react';
import { faultOf } from '../../../api/fault.ts';
import { customModelsQuery, hostsQuery, removeCustomModel } from '../../../api/queries.ts';
import { useIsOperator } from '../../../api/session.ts';
import { pickHost } from '../../../api/pick-atlas.ts';
import { Age } from '../../../components/age.tsx';
import { CopyButton } from '../../../components/buttons.tsx';
import { EmptyState } from '../../../components/empty-state.tsx';
import { FaultNotice } from '../../../components/fault-notice.tsx';
import { DataTable } from '../../../components/table/data-table.tsx';
import type { TableColumn } from '../../../components/table/table-column.ts';
import { formatRoute, routeTo } from '../../../navigation/route.ts';
import type { ViewState } from '../../../navigation/route.ts';
import { useChange } from '../../../navigation/use-route.ts';
import { formatItem } from '../../compare/compare-items.ts';
import type { LoadedCatalog } from '../use-catalog.ts';
import { writeChanges } from './changes-text.ts';
import { CustomEditor } from './custom-editor.tsx';
import { CustomImport } from './custom-import.tsx';
import './custom.css';

/** Custom models that the hub keeps: the list, and beside it what is made or changed. */
export function CustomTab({ loaded, state }: { readonly loaded: LoadedCatalog; readonly state: ViewState<'models'> }) {
  const change = useChange('models');
  const client = useQueryClient();
  const isOperator = useIsOperator();
  const models = useQuery(customModelsQuery);
  const host = pickHost(useQuery(hostsQuery).data?.items, '')?.id ?? '';
  const remove = useMutation({
    mutationFn: removeCustomModel,
    onSettled: () => client.invalidateQueries({ queryKey: customModelsQuery.queryKey }),
  });
  const columns = useMemo(
    () =>
      customColumns({
        host,
        isOperator,
        onEdit: (custom) => change({ custom, side: 'edit' }),
        onDelete: remove.mutate,
      }),
    [host, isOperator, change, remove.mutate],
  );
  if (models.isError) return <FaultNotice fault={faultOf(models.error)} onRetry={() => void models.refetch()} />;
  const items = models.data?.items ?? [];
  const close = () => change({ custom: '', side: '' });
  return (
    <div className="page">
      <div className="page-toolbar">
        <button
          type="button"
          className="button button-main"
          disabled={!isOperator}
          onClick={() => change({ custom: '', side: 'edit' })}
        >
          New model
        </button>
        <button
          type="button"
          className="button"
          disabled={!isOperator}
          onClick={() => change({ custom: '', side: 'import' })}
        >
          Import …
        </button>
        {isOperator ? null : <p className="quiet">Operators make and change them.</p>}
        {items.length === 0 ? null : (
          <div className="page-toolbar-end">
            <CopyButton label="Copy as cpu-models.conf" text={() => models.data?.proxmox.text ?? ''} />
          </div>
        )}
      </div>
      {remove.isError ? <FaultNotice fault={faultOf(remove.error)} /> : null}
      <div className="page-split">
        <DataTable
          label="Custom models"
          columns={columns}
          rows={items}
          keyOf={({ model }) => model.name}
          sort={state.sort}
          onSort={(sort) => change({ sort })}
          empty={
            models.isPending ? (
              <p className="quiet" role="status">
                Loading …
              </p>
            ) : (
              <NoModels />
            )
          }
        />
        {state.side === '' ? null : (
          <aside
            className="page-side custom-side"
            aria-label={state.side === 'import' ? 'Import models' : 'Edit a model'}
          >
            <h2 className="page-section-title">
              {state.side === 'import' ? 'Import models' : state.custom === '' ? 'New model' : state.custom}
            </h2>
            {state.side === 'import' ? (
              <CustomImport catalog={loaded.hash} onClose={close} />
            ) : (
              <CustomEditor
                key={state.custom}
                index={loaded.index}
                name={state.custom}
                onSaved={(custom) => change({ custom, side: 'edit' })}
                onClose={close}
              />
            )}
          </aside>
        )}
      </div>
    </div>
  );
}

function NoModels() {
  return (
    <EmptyState title="No custom model yet">
      <p>A custom model is a model of QEMU with features switched on and off, under a name of your own.</p>
    </EmptyState>
  );
}

interface ColumnParts {
  /** The host on which a model is compared with its base; '': none. */
  readonly host: string;
  readonly isOperator: boolean;
  readonly onEdit: (name: string) => void;
  readonly onDelete: (name: string) => void;
}

function customColumns({ host, isOperator, onEdit, onDelete }: ColumnParts): readonly TableColumn<SavedCustomModel>[] {
  const cell = (model: string): string => formatItem({ kind: 'cell', model, machine: 'q35', host });
  return [
    { key: 'name', head: 'Name', width: 'minmax(110px, 1fr)', value: ({ model }) => model.name },
    { key: 'base', head: 'Base', width: 'minmax(110px, 1fr)', value: ({ model }) => model.base },
    {
      key: 'changes',
      head: 'Changes',
      width: 'minmax(110px, 3fr)',
      value: ({ model }) => writeChanges(model),
      cell: ({ model }) => <span className="mono">{writeChanges(model) || 'none'}</span>,
    },
    { key: 'version', head: 'Version', width: '70px', align: 'end', value: ({ version }) => version },
    {
      key: 'saved',
      head: 'Saved',
      width: '100px',
      value: ({ savedAt }) => savedAt,
      cell: ({ savedAt }) => <Age of={savedAt} />,
    },
    {
      key: 'use',
      head: '',
      width: '248px',
      value: ({ model }) => model.name,
      cell: ({ model: { name, base }, cpu }) => (
        <span className="custom-row">
          <CopyButton label={`Copy the -cpu argument of ${name}`} text={() => cpu} icon />
          {host === '' ? null : (
            <a
              href={formatRoute(routeTo('compare', { items: [cell(base), cell(cpu)] }))}
              aria-label={`Compare ${name} with its base`}
            >
              Compare
            </a>
          )}
          <button
            type="button"
            className="button"
            aria-label={`Edit ${name}`}
            disabled={!isOperator}
            onClick={() => onEdit(name)}
          >
            Edit
          </button>
          <button
            type="button"
            className="button"
            aria-label={`Delete ${name}`}
            disabled={!isOperator}
            onClick={() => onDelete(name)}
          >
            Delete
          </button>
        </span>
      ),
    },
  ];
}
