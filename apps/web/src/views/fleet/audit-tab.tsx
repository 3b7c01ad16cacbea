import { useInfiniteQuery } from '@tanstack/react-query';
import type { AuditLine, AuditList } from '@cpu-atlas/contract';
import { useMemo } from 'react';
import { faultOf } from '../../api/fault.ts';
import { requestJson } from '../../api/request.ts';
import { Age } from '../../components/age.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { FaultNotice } from '../../components/fault-notice.tsx';
import { DataTable } from '../../components/table/data-table.tsx';
import type { TableColumn } from '../../components/table/table-column.ts';

const timeoutMs = 15_000;
const pageLength = 200;

const columns: readonly TableColumn<AuditLine>[] = [
  { key: 'at', head: 'When', width: '120px', value: ({ at }) => at, cell: ({ at }) => <Age of={at} /> },
  { key: 'actor', head: 'Who', width: 'minmax(140px, 1fr)', value: ({ actor }) => actor },
  { key: 'role', head: 'As', width: '90px', value: ({ role }) => role },
  { key: 'action', head: 'Did', width: '160px', value: ({ action }) => action },
  { key: 'target', head: 'To', width: 'minmax(160px, 2fr)', value: ({ target }) => target },
  {
    key: 'detail',
    head: 'Detail',
    width: 'minmax(160px, 2fr)',
    value: ({ detail }) =>
      Object.entries(detail)
        .map(([name, value]) => `${name}=${String(value)}`)
        .join(' '),
  },
];

/** Who changed what, newest first. */
export function AuditTab({ sort, onSort }: { readonly sort: string; readonly onSort: (sort: string) => void }) {
  const audit = useInfiniteQuery({
    queryKey: ['audit'],
    queryFn: ({ signal, pageParam }) =>
      requestJson<AuditList>(`/audit?limit=${pageLength}${pageParam === '' ? '' : `&cursor=${pageParam}`}`, {
        signal,
        timeoutMs,
      }),
    initialPageParam: '',
    getNextPageParam: ({ nextCursor }: AuditList) => nextCursor ?? undefined,
  });
  const lines = useMemo(() => audit.data?.pages.flatMap(({ items }) => items) ?? [], [audit.data]);
  if (audit.isError && audit.data === undefined) {
    return <FaultNotice fault={faultOf(audit.error)} onRetry={() => void audit.refetch()} />;
  }
  return (
    <div className="page">
      <DataTable
        label="Audit"
        columns={columns}
        rows={lines}
        keyOf={({ id }) => id}
        sort={sort}
        onSort={onSort}
        empty={
          audit.isPending ? (
            <p className="quiet" role="status">
              Loading …
            </p>
          ) : (
            <EmptyState title="Nothing was changed yet">
              <p>Each import, token, probe and proof that somebody asks for leaves a line here.</p>
            </EmptyState>
          )
        }
      />
      {audit.hasNextPage ? (
        <div className="page-toolbar">
          <button
            type="button"
            className="button"
            disabled={audit.isFetching}
            onClick={() => void audit.fetchNextPage()}
          >
            Older ones
          </button>
        </div>
      ) : null}
    </div>
  );
}
