import type { UseQueryResult } from '@tanstack/react-query';
import type { HostSummary, VmsResult } from '@cpu-atlas/contract';
import { useState } from 'react';
import type { DragEvent } from 'react';
import { faultOf } from '../../api/fault.ts';
import { FaultNotice } from '../../components/fault-notice.tsx';
import { Labelled } from '../../components/inputs.tsx';
import { formatRoute, routeTo } from '../../navigation/route.ts';
import { HostNames } from '../pools/host-names.tsx';
import { useLedger } from './use-ledger.ts';
import type { Ledger } from './use-ledger.ts';

interface ListTabProps {
  readonly query: UseQueryResult<VmsResult>;
  readonly hosts: readonly HostSummary[];
}

/** The list of VMs: paste it, drop it, see what was read of it. */
export function ListTab({ query, hosts }: ListTabProps) {
  const { ledger, keep } = useLedger();
  const [draft, setDraft] = useState<Ledger>(ledger);
  const [fault, setFault] = useState<string | null>(null);
  const isChanged = draft.text !== ledger.text || draft.host !== ledger.host;
  const take = async (files: readonly File[]) => {
    try {
      const texts = await Promise.all(files.map((file) => file.text()));
      setFault(null);
      setDraft({ ...draft, text: texts.join('\n') });
    } catch (error) {
      setFault(error instanceof Error ? error.message : 'the file cannot be read');
    }
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    void take([...event.dataTransfer.files]);
  };
  return (
    <div className="page-split">
      <form
        className="vm-form"
        onDragOver={(event) => event.preventDefault()}
        onDrop={drop}
        onSubmit={(event) => {
          event.preventDefault();
          keep(draft);
        }}
      >
        <Labelled
          label="VMs"
          hint="CSV with a head such as name,host,machine,cpu; JSON of the same; or virsh dumpxml of running VMs, one after another. It stays in this window."
          error={fault ?? undefined}
        >
          {(id) => (
            <textarea
              id={id}
              className="text-area vm-text"
              spellCheck={false}
              placeholder={'name,host,machine,cpu\n"web-1","node-1","pc-q35-7.2","EPYC-v1,+ibpb"'}
              value={draft.text}
              onChange={(event) => setDraft({ ...draft, text: event.target.value })}
            />
          )}
        </Labelled>
        <Labelled label="Where VMs run that do not say it" hint="Name or id of a host; domain XML does not tell.">
          {(id) => (
            <>
              <input
                id={id}
                className="text-input"
                list={`${id}-hosts`}
                spellCheck={false}
                value={draft.host}
                onChange={(event) => setDraft({ ...draft, host: event.target.value })}
              />
              <datalist id={`${id}-hosts`}>
                {hosts.slice(0, 200).map(({ id: host, name }) => (
                  <option key={host} value={name} />
                ))}
              </datalist>
            </>
          )}
        </Labelled>
        <div className="pool-actions">
          <label className="button">
            Choose files …
            <input
              type="file"
              multiple
              className="visually-hidden"
              onChange={(event) => void take([...(event.target.files ?? [])])}
            />
          </label>
          <button type="submit" className="button button-primary" disabled={!isChanged}>
            Read the list
          </button>
          {ledger.text === '' ? null : (
            <button
              type="button"
              className="button"
              onClick={() => {
                setDraft({ text: '', host: '' });
                keep({ text: '', host: '' });
              }}
            >
              Forget it
            </button>
          )}
        </div>
      </form>
      <div className="page-scroll" aria-live="polite">
        {query.isError ? (
          <FaultNotice fault={faultOf(query.error)} onRetry={() => void query.refetch()} />
        ) : ledger.text.trim() === '' ? (
          <p className="quiet">What was read of the list stands here.</p>
        ) : query.data === undefined ? (
          <p className="quiet" role="status">
            Computing where each VM can go …
          </p>
        ) : (
          <Groups answer={query.data} hosts={hosts} />
        )}
      </div>
    </div>
  );
}

const canLeaveWords = { yes: 'can leave', no: 'stuck', unknown: 'unknown' } as const;
const tones = { yes: 'runs', no: 'refused', unknown: 'quiet' } as const;
const shownGroups = 500;

function Groups({ answer, hosts }: { readonly answer: VmsResult; readonly hosts: readonly HostSummary[] }) {
  const nameOf = new Map(hosts.map(({ id, name }) => [id, name]));
  const { groups, unread, notes } = answer;
  return (
    <>
      {notes.map((note) => (
        <p key={note} className="quiet">
          {note}
        </p>
      ))}
      {unread.length === 0 ? null : (
        <section className="page-section">
          <h2 className="page-section-title">
            Not read <span className="section-count">{unread.length}</span>
          </h2>
          <table className="sheet">
            <tbody>
              {unread.slice(0, shownGroups).map(({ vm, reason }, at) => (
                <tr key={`${vm} ${at}`}>
                  <th scope="row">{vm}</th>
                  <td>{reason}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      <section className="page-section">
        <h2 className="page-section-title">
          VMs, those alike in one line <span className="section-count">{groups.length}</span>
        </h2>
        <table className="sheet">
          <thead>
            <tr>
              <th scope="col">VM</th>
              <th scope="col">On</th>
              <th scope="col">Machine type</th>
              <th scope="col">-cpu</th>
              <th scope="col">Leaves</th>
              <th scope="col">Hosts</th>
            </tr>
          </thead>
          <tbody>
            {groups.slice(0, shownGroups).map(({ vms, home, machine, cpu, canLeave, targets, openTargets }, at) => (
              <tr key={`${vms[0] ?? ''} ${at}`}>
                <th scope="row" title={vms.join(', ')}>
                  <a href={formatRoute(routeTo('vms', { tab: 'reach', search: vms[0] ?? '' }))}>{vms[0]}</a>
                  {vms.length === 1 ? '' : ` … ×${vms.length}`}
                </th>
                <td>
                  <HostNames
                    hosts={home.slice(0, 1).map((id) => ({ id, name: nameOf.get(id) ?? id }))}
                    count={home.length}
                  />
                </td>
                <td className="mono">{machine}</td>
                <td className="mono pool-wrap">{cpu}</td>
                <td>
                  <span className="chip" data-tone={tones[canLeave]}>
                    {canLeaveWords[canLeave]}
                  </span>
                </td>
                <td className="number">
                  {targets}
                  {openTargets === 0 ? '' : ` + ${openTargets} ?`}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        {groups.length > shownGroups ? (
          <p className="quiet">and {groups.length - shownGroups} more: see Reach</p>
        ) : null}
      </section>
    </>
  );
}
