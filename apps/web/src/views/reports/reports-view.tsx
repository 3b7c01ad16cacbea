import { isOutcome, writeValue, drawValue } from '@cpu-atlas/core';
import type { ReportRequestInput } from '@cpu-atlas/contract';
import { useMutation, useQuery } from '@tanstack/react-query';
import { faultOf } from '../../api/fault.ts';
import { hostsQuery, reportQuery, requestReport } from '../../api/queries.ts';
import type { ReportPreview } from '../../api/queries.ts';
import { AsOfBanner } from '../../components/as-of-banner.tsx';
import { Toggle } from '../../components/buttons.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { FaultNotice } from '../../components/fault-notice.tsx';
import { Labelled, Select } from '../../components/inputs.tsx';
import { PickList } from '../../components/pick-list.tsx';
import { AcceleratorField } from '../../components/launch-fields.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { Shell } from '../../components/shell.tsx';
import { TimeField } from '../../components/time-field.tsx';
import type { ViewState } from '../../navigation/route.ts';
import { useChange } from '../../navigation/use-route.ts';
import type { ChangeState } from '../../navigation/use-route.ts';
import { askReport } from './report-request.ts';
import { reportKinds } from './reports-fields.ts';
import type { ReportKind } from './reports-fields.ts';
import './reports.css';

const kindWords = {
  pivot: { label: 'Fleet matrix', about: 'Any two of model, machine type and host over the whole fleet.' },
  matrix: { label: 'Matrix of hosts', about: 'Every model on every machine type, a sheet for each host.' },
  hosts: { label: 'Host list', about: 'CPUs, kernels, QEMUs and snapshots.' },
  security: { label: 'Mitigations', about: 'What a guest has on each host, and what it lacks.' },
  choices: { label: 'CPUs for a pool', about: 'Ranked, each with its proven -cpu argument.' },
  baseline: { label: 'Baseline', about: 'The best CPU that runs on all of them, and what each host costs.' },
  comparison: { label: 'Comparison', about: 'What differs between two hosts, and which layer did it.' },
} as const satisfies Record<ReportKind, { readonly label: string; readonly about: string }>;

const formats = [
  { value: 'xlsx', label: 'XLSX' },
  { value: 'csv', label: 'CSV' },
  { value: 'json', label: 'JSON' },
  { value: 'md', label: 'Markdown' },
  { value: 'html', label: 'HTML' },
  { value: 'pdf', label: 'PDF', title: 'where the server finds a Chromium' },
] as const;

const axes = [
  { value: 'model', label: 'models' },
  { value: 'machine', label: 'machine types' },
  { value: 'host', label: 'hosts' },
] as const;

/** Rows of each table that the preview shows. */
const previewRows = 40;

interface ReportsProps {
  readonly state: ViewState<'reports'>;
  readonly change: ChangeState<'reports'>;
}

/** Choose what is told, look at its first rows, take it away. */
export function ReportsView({ state }: { readonly state: ViewState<'reports'> }) {
  const change = useChange('reports');
  const asked = askReport(state);
  return (
    <Shell title="Reports" panel={<ReportsPanel state={state} change={change} />} commands={[]}>
      <AsOfBanner at={state.at} onNow={() => change({ at: '' })} />
      <div className="reports">
        <div className="reports-form" role="region" aria-label="What is told" tabIndex={0}>
          <KindList state={state} change={change} />
          <ReportForm state={state} change={change} />
          {asked.kind === 'incomplete' ? null : <Download request={asked.request} />}
        </div>
        <div className="reports-preview" role="region" aria-label="Preview" tabIndex={0}>
          {asked.kind === 'incomplete' ? (
            <EmptyState title="Something is still to be chosen">
              <p>{asked.missing}</p>
            </EmptyState>
          ) : (
            <Preview request={asked.request} />
          )}
        </div>
      </div>
    </Shell>
  );
}

function ReportsPanel({ state, change }: ReportsProps) {
  return (
    <>
      <Segmented label="Format" choices={formats} chosen={state.format} onChoose={(format) => change({ format })} />
      {state.kind === 'hosts' || state.kind === 'comparison' ? null : (
        <AcceleratorField accel={state.accel} onChange={change} />
      )}
      <TimeField at={state.at} onPick={(at) => change({ at })} />
    </>
  );
}

function KindList({ state, change }: ReportsProps) {
  return (
    <fieldset className="reports-kinds">
      <legend className="visually-hidden">Report</legend>
      {reportKinds.map((kind) => (
        <label key={kind} className="reports-kind">
          <input type="radio" name="kind" checked={state.kind === kind} onChange={() => change({ kind })} />
          <span>{kindWords[kind].label}</span>
          <span className="quiet">{kindWords[kind].about}</span>
        </label>
      ))}
    </fieldset>
  );
}

function ReportForm({ state, change }: ReportsProps) {
  const { kind } = state;
  return (
    <div className="reports-fields">
      <HostPick state={state} change={change} />
      {kind === 'pivot' ? (
        <>
          <Labelled label="Rows">
            {(id) => <Select id={id} value={state.rows} options={axes} onChange={(rows) => change({ rows })} />}
          </Labelled>
          <Labelled label="Columns">
            {(id) => (
              <Select id={id} value={state.columns} options={axes} onChange={(columns) => change({ columns })} />
            )}
          </Labelled>
          <Toggle isOn={state.isSplit} onToggle={() => change({ isSplit: !state.isSplit })}>
            A sheet for each of the third
          </Toggle>
          <Toggle isOn={state.isUnfolded} onToggle={() => change({ isUnfolded: !state.isUnfolded })}>
            Unfold equal ones
          </Toggle>
        </>
      ) : null}
      {kind === 'security' ? (
        <TextList
          label="-cpu"
          hint="The argument, with its features"
          value={[state.model]}
          onChange={([model = 'host', ...rest]) => change({ model: [model, ...rest].join(',') })}
        />
      ) : null}
      {kind === 'security' || kind === 'choices' || kind === 'baseline' ? (
        <TextList
          label="Machine type"
          hint="Empty: the newest q35 that all have"
          value={state.machine === '' ? [] : [state.machine]}
          onChange={([machine = '']) => change({ machine })}
        />
      ) : null}
      {kind === 'matrix' || kind === 'pivot' || kind === 'choices' ? (
        <TextList
          label="Models"
          hint="With commas; empty: all"
          value={state.models}
          onChange={(models) => change({ models })}
        />
      ) : null}
      {kind === 'matrix' || kind === 'pivot' ? (
        <TextList
          label="Machine types"
          hint="With commas; empty: all"
          value={state.machines}
          onChange={(machines) => change({ machines })}
        />
      ) : null}
    </div>
  );
}

interface TextListProps {
  readonly label: string;
  readonly hint: string;
  readonly value: readonly string[];
  readonly onChange: (value: readonly string[]) => void;
}

/** Names with commas between them; they count when the field is left. */
function TextList({ label, hint, value, onChange }: TextListProps) {
  const text = value.join(', ');
  const settle = (written: string) => {
    const names = written.split(/[\s,]+/).filter((name) => name !== '');
    if (names.join(', ') !== text) onChange(names);
  };
  return (
    <Labelled label={label} hint={hint}>
      {(id) => (
        <input
          key={text}
          id={id}
          className="text-input mono"
          defaultValue={text}
          spellCheck={false}
          autoComplete="off"
          onBlur={(event) => settle(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter') settle(event.currentTarget.value);
          }}
        />
      )}
    </Labelled>
  );
}

/** Hosts, one after the other; of a comparison two. */
function HostPick({ state, change }: ReportsProps) {
  const { data } = useQuery(hostsQuery);
  const { hosts, kind } = state;
  const names = new Map((data?.items ?? []).map(({ id, name }) => [id, name]));
  const options = (data?.items ?? []).map(({ id, name, cpuName }) => ({ value: id, label: name, note: cpuName ?? '' }));
  const toggle = (id: string) =>
    change({
      hosts: hosts.includes(id)
        ? hosts.filter((host) => host !== id)
        : [...hosts, id].slice(kind === 'comparison' ? -2 : 0),
    });
  const none = kind === 'matrix' ? 'this backend’s own' : kind === 'comparison' ? 'none yet' : 'all';
  return (
    <div className="reports-hosts">
      <PickList
        label="Hosts"
        value={<span>{hosts.length === 0 ? none : hosts.map((id) => names.get(id) ?? id).join(', ')}</span>}
        chosen={null}
        options={options}
        placeholder="Name, CPU"
        onPick={toggle}
      />
      {hosts.length === 0 ? null : (
        <button type="button" className="button" onClick={() => change({ hosts: [] })}>
          Clear
        </button>
      )}
    </div>
  );
}

function Download({ request }: { readonly request: ReportRequestInput }) {
  const download = useMutation({
    mutationFn: async () => saveFile(await requestReport(request), `cpu-atlas-${request.kind}.${request.format}`),
  });
  return (
    <div className="reports-download">
      <button
        type="button"
        className="button"
        data-primary=""
        disabled={download.isPending}
        onClick={() => download.mutate()}
      >
        {download.isPending ? 'Making the file …' : `Download ${request.format.toUpperCase()}`}
      </button>
      {download.error === null ? null : <FaultNotice fault={faultOf(download.error)} />}
    </div>
  );
}

function saveFile(bytes: Uint8Array, name: string): void {
  const link = document.createElement('a');
  const url = URL.createObjectURL(new Blob([new Uint8Array(bytes)]));
  link.href = url;
  link.download = name;
  link.click();
  // The browser has taken the file by then.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

function Preview({ request }: { readonly request: ReportRequestInput }) {
  const { format: _, ...told } = request;
  const { data, error, isPlaceholderData, refetch } = useQuery(reportQuery({ ...told, maxRows: previewRows }));
  if (error !== null) return <FaultNotice fault={faultOf(error)} onRetry={() => void refetch()} />;
  if (data === undefined)
    return (
      <p className="quiet" role="status">
        Making the preview …
      </p>
    );
  return (
    <article className="report" data-superseded={isPlaceholderData ? '' : undefined}>
      <h2 className="page-title">{data.title}</h2>
      <dl className="report-facts">
        {data.facts.map(({ name, value }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {data.tables.map((table) => (
        <PreviewTable key={table.name} table={table} />
      ))}
      {data.remarks.map((remark) => (
        <p key={remark} className="quiet">
          {remark}
        </p>
      ))}
    </article>
  );
}

/** Columns that the preview shows; a fleet has more than anybody reads. */
const previewColumns = 40;

function PreviewTable({ table: { name, columns, rows } }: { readonly table: ReportPreview['tables'][number] }) {
  const shown = columns.slice(0, previewColumns);
  return (
    <section className="page-section">
      <h3 className="section-title">
        {name}
        <span className="section-count">{columns.length} columns</span>
      </h3>
      {rows.length === 0 ? (
        <p className="quiet">Nothing to tell.</p>
      ) : (
        <div className="report-scroll" role="region" aria-label={name} tabIndex={0}>
          <table className="report-table">
            <thead>
              <tr>
                {shown.map(({ key, head, kind }) => (
                  <th key={key} scope="col" data-kind={kind} title={head}>
                    {head}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map((row, at) => (
                <tr key={at}>
                  {row.slice(0, previewColumns).map((value, column) => (
                    <td
                      key={column}
                      data-kind={shown[column]?.kind}
                      data-status={isOutcome(value) ? value.status : undefined}
                      title={writeValue(value)}
                    >
                      {drawValue(value)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
