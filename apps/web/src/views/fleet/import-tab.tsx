import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { ImportResultDocument } from '@cpu-atlas/contract';
import { useState } from 'react';
import type { DragEvent } from 'react';
import { faultOf } from '../../api/fault.ts';
import { importFormatsQuery, requestImport } from '../../api/queries.ts';
import { CopyButton } from '../../components/buttons.tsx';
import { FaultNotice } from '../../components/fault-notice.tsx';
import { Labelled } from '../../components/inputs.tsx';
import { formatRoute, routeTo } from '../../navigation/route.ts';

/** Hosts without an agent: paste or drop what a program printed there; see what it gives; then keep it. */
export function ImportTab() {
  const client = useQueryClient();
  const [text, setText] = useState('');
  const [file, setFile] = useState<File | null>(null);
  const [name, setName] = useState('');
  const content = file ?? text;
  const isEmpty = file === null && text.trim() === '';
  const run = useMutation({
    mutationFn: (isDryRun: boolean) => requestImport({ content, name: name.trim(), isDryRun }),
    onSuccess: async (result) => {
      if (!result.isDryRun) await client.invalidateQueries();
    },
  });
  const take = (next: { readonly text: string; readonly file: File | null }) => {
    setText(next.text);
    setFile(next.file);
    run.reset();
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    const [dropped] = event.dataTransfer.files;
    if (dropped !== undefined) take({ text: '', file: dropped });
  };
  return (
    <div className="fleet-import">
      <div className="fleet-form" onDragOver={(event) => event.preventDefault()} onDrop={drop}>
        <Labelled
          label="What the host printed"
          hint="Paste it, drop a file or a ZIP of many here, or choose one. The format is recognised."
        >
          {(id) => (
            <textarea
              id={id}
              className="text-area"
              value={file === null ? text : `${file.name}, ${Math.ceil(file.size / 1024)} KiB`}
              readOnly={file !== null}
              spellCheck={false}
              placeholder="cpuid -1 -r, /proc/cpuinfo, virsh capabilities …"
              onChange={(event) => take({ text: event.target.value, file: null })}
            />
          )}
        </Labelled>
        <div className="fleet-actions">
          <label className="button">
            Choose a file …
            <input
              type="file"
              className="visually-hidden"
              onChange={(event) => take({ text: '', file: event.target.files?.[0] ?? null })}
            />
          </label>
          {file === null ? null : (
            <button type="button" className="button" onClick={() => take({ text: '', file: null })}>
              Another one
            </button>
          )}
        </div>
        <Labelled label="Name of the host" hint="Where the text does not tell it; of a ZIP, a prefix.">
          {(id) => (
            <input id={id} className="text-input" value={name} onChange={(event) => setName(event.target.value)} />
          )}
        </Labelled>
        <div className="fleet-actions">
          <button type="button" className="button" disabled={isEmpty || run.isPending} onClick={() => run.mutate(true)}>
            Look at it first
          </button>
          <button
            type="button"
            className="button button-main"
            disabled={isEmpty || run.isPending}
            onClick={() => run.mutate(false)}
          >
            {run.isPending ? 'Reading …' : 'Import'}
          </button>
        </div>
      </div>
      <div className="fleet-result" aria-live="polite">
        {run.isError ? <FaultNotice fault={faultOf(run.error)} /> : null}
        {run.data === undefined ? <Formats /> : <Result result={run.data} />}
      </div>
    </div>
  );
}

const outcomeWords = {
  'new-host': 'new host',
  'new-observation': 'changed since it was last seen',
  unchanged: 'known to look like this',
} as const;

function Result({ result: { format, isDryRun, hosts, notes, refused } }: { readonly result: ImportResultDocument }) {
  return (
    <>
      <h2 className="page-section-title">
        {isDryRun ? 'Would import' : 'Imported'} {hosts.length === 1 ? '1 host' : `${hosts.length} hosts`} from {format}
      </h2>
      <table className="sheet">
        <thead>
          <tr>
            <th scope="col">Host</th>
            <th scope="col">Outcome</th>
            <th scope="col">Hardware</th>
            <th scope="col">KVM</th>
            <th scope="col">QEMU</th>
          </tr>
        </thead>
        <tbody>
          {hosts.map(({ id, name, outcome, knows }) => (
            <tr key={id}>
              <th scope="row">{isDryRun ? name : <a href={formatRoute(routeTo('host', { id }))}>{name}</a>}</th>
              <td>{outcomeWords[outcome]}</td>
              <td>{knows.hardware}</td>
              <td>{knows.kvm ? 'known' : 'unknown'}</td>
              <td>{knows.qemu ? 'known' : 'unknown'}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {notes.length === 0 ? null : (
        <ul className="fleet-notes">
          {notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
      {refused.length === 0 ? null : (
        <>
          <h3 className="page-section-title">Refused</h3>
          <table className="sheet">
            <tbody>
              {refused.map(({ where, code, message, remedy }) => (
                <tr key={where}>
                  <th scope="row">{where}</th>
                  <td>
                    {message}
                    {remedy === null ? '' : `; ${remedy}`}
                  </td>
                  <td className="mono">{code}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
    </>
  );
}

/** What can be imported, and the command that prints it. */
function Formats() {
  const formats = useQuery(importFormatsQuery);
  if (formats.isError) return <FaultNotice fault={faultOf(formats.error)} onRetry={() => void formats.refetch()} />;
  return (
    <table className="sheet fleet-formats">
      <thead>
        <tr>
          <th scope="col">Format</th>
          <th scope="col">Printed by</th>
          <th scope="col">Leaves open</th>
        </tr>
      </thead>
      <tbody>
        {(formats.data?.items ?? []).map(({ format, title, command, leavesOpen }) => (
          <tr key={format}>
            <th scope="row">{title}</th>
            <td>
              <code>{command}</code> <CopyButton label="Copy the command" text={() => command} icon />
            </td>
            <td>{leavesOpen}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
