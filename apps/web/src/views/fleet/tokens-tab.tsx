import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { Token, TokenRequest } from '@cpu-atlas/contract';
import { useMemo, useState } from 'react';
import type { FormEvent } from 'react';
import { faultOf } from '../../api/fault.ts';
import { requestToken, revokeToken, tokensQuery } from '../../api/queries.ts';
import { Age } from '../../components/age.tsx';
import { CopyButton } from '../../components/buttons.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { FaultNotice } from '../../components/fault-notice.tsx';
import { Labelled, Select } from '../../components/inputs.tsx';
import { DataTable } from '../../components/table/data-table.tsx';
import type { TableColumn } from '../../components/table/table-column.ts';

interface TabProps {
  readonly sort: string;
  readonly onSort: (sort: string) => void;
}

const roles = [
  { value: 'viewer', label: 'viewer: reads and computes' },
  { value: 'operator', label: 'operator: changes and launches, too' },
  { value: 'agent', label: 'agent: writes its own host' },
] as const;

/** Who may get in by a token: made here, shown once, revoked within seconds. */
export function TokensTab({ sort, onSort }: TabProps) {
  const client = useQueryClient();
  const tokens = useQuery(tokensQuery);
  const revoke = useMutation({
    mutationFn: revokeToken,
    onSettled: () => client.invalidateQueries({ queryKey: tokensQuery.queryKey }),
  });
  const columns = useMemo(() => columnsWith((id) => revoke.mutate(id)), [revoke.mutate]);
  return (
    <div className="page">
      <NewToken />
      {revoke.isError ? <FaultNotice fault={faultOf(revoke.error)} /> : null}
      {tokens.isError ? (
        <FaultNotice fault={faultOf(tokens.error)} onRetry={() => void tokens.refetch()} />
      ) : (
        <DataTable
          label="Tokens"
          columns={columns}
          rows={tokens.data?.items ?? []}
          keyOf={({ id }) => id}
          sort={sort}
          onSort={onSort}
          empty={
            tokens.isPending ? (
              <p className="quiet" role="status">
                Loading …
              </p>
            ) : (
              <EmptyState title="No token yet">
                <p>Make one for each person or program that shall get in from elsewhere.</p>
              </EmptyState>
            )
          }
        />
      )}
    </div>
  );
}

function NewToken() {
  const client = useQueryClient();
  const [name, setName] = useState('');
  const [role, setRole] = useState<TokenRequest['role']>('viewer');
  const create = useMutation({
    mutationFn: () => requestToken({ name: name.trim(), role }),
    onSuccess: async () => {
      setName('');
      await client.invalidateQueries({ queryKey: tokensQuery.queryKey });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() !== '') create.mutate();
  };
  return (
    <form className="page-toolbar fleet-inline" onSubmit={submit}>
      <Labelled label="For whom or what">
        {(id) => (
          <input id={id} className="text-input" value={name} onChange={(event) => setName(event.target.value)} />
        )}
      </Labelled>
      <Labelled label="Role">{(id) => <Select id={id} value={role} options={roles} onChange={setRole} />}</Labelled>
      <button type="submit" className="button button-main" disabled={create.isPending || name.trim() === ''}>
        Make a token
      </button>
      {create.isError ? <p className="labelled-error">{faultOf(create.error).detail}</p> : null}
      {create.data === undefined ? null : (
        <p className="fleet-secret" role="status">
          Shown this once: <code>{create.data.secret}</code>
          <CopyButton label="Copy the token" text={() => create.data.secret} icon />
        </p>
      )}
    </form>
  );
}

const tones = { valid: 'runs', expired: 'filtered', revoked: 'quiet' } as const;

function columnsWith(onRevoke: (id: string) => void): readonly TableColumn<Token>[] {
  return [
    { key: 'name', head: 'Name', width: 'minmax(160px, 2fr)', value: ({ name }) => name },
    { key: 'role', head: 'Role', width: '100px', value: ({ role }) => role },
    {
      key: 'host',
      head: 'Host',
      width: 'minmax(120px, 2fr)',
      value: ({ host, role }) => host ?? (role === 'agent' ? 'not bound yet' : '–'),
    },
    {
      key: 'state',
      head: 'State',
      width: '100px',
      value: ({ state }) => state,
      cell: ({ state }) => (
        <span className="chip" data-tone={tones[state]}>
          {state}
        </span>
      ),
    },
    {
      key: 'created',
      head: 'Made',
      width: 'minmax(160px, 1fr)',
      value: ({ createdAt }) => createdAt,
      cell: ({ createdAt, createdBy }) => (
        <>
          <Age of={createdAt} /> <span className="quiet">by {createdBy}</span>
        </>
      ),
    },
    {
      key: 'used',
      head: 'Last used',
      width: '120px',
      value: ({ lastUsedAt }) => lastUsedAt ?? '',
      cell: ({ lastUsedAt }) => (lastUsedAt === null ? <span className="quiet">never</span> : <Age of={lastUsedAt} />),
    },
    {
      key: 'revoke',
      head: '',
      width: '96px',
      value: ({ id }) => id,
      cell: ({ id, name, state }) =>
        state === 'valid' ? (
          <button type="button" className="button" aria-label={`Revoke ${name}`} onClick={() => onRevoke(id)}>
            Revoke
          </button>
        ) : null,
    },
  ];
}
