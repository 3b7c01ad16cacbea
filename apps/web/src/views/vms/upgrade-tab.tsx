import { useQuery } from '@tanstack/react-query';
import type { VmsResult } from '@cpu-atlas/contract';
import { vmsQuery } from '../../api/queries.ts';
import { EmptyState } from '../../components/empty-state.tsx';
import { Labelled, Select } from '../../components/inputs.tsx';
import type { ViewState } from '../../navigation/route.ts';
import { useChange } from '../../navigation/use-route.ts';
import { AnswerOf, countHosts } from '../pools/answer.tsx';
import { HostNames } from '../pools/host-names.tsx';
import { ObstacleTable } from '../pools/move-pane.tsx';
import { findCatalog, useCatalogOptions } from '../pools/pools-panel.tsx';
import type { VmsQuestion } from './vms-view.tsx';

interface UpgradeTabProps {
  readonly question: VmsQuestion;
  readonly state: ViewState<'vms'>;
}

type Upgrade = NonNullable<VmsResult['upgrade']>;

/** Another QEMU on host after host, in an order that never strands a VM; or why there is none. */
export function UpgradeTab({ question, state }: UpgradeTabProps) {
  const change = useChange('vms');
  const catalogs = useCatalogOptions();
  const query = useQuery({
    ...vmsQuery({ ...question.body, upgrade: { catalog: state.upgrade } }, question.stamp),
    enabled: state.upgrade !== '',
  });
  return (
    <>
      <div className="page-toolbar">
        <Labelled label="Every host gets QEMU">
          {(id) => (
            <Select
              id={id}
              value={findCatalog(catalogs, state.upgrade)}
              options={[
                { value: '', label: 'choose …' },
                ...catalogs.map(({ value, label, note }) => ({
                  value,
                  label: note === undefined ? label : `${label}, ${note}`,
                })),
              ]}
              onChange={(upgrade) => change({ upgrade })}
            />
          )}
        </Labelled>
      </div>
      {state.upgrade === '' ? (
        <EmptyState title="Which QEMU comes?">
          <p>Hosts are emptied, upgraded and filled again one after another; VMs go where they can stay alive.</p>
        </EmptyState>
      ) : (
        <AnswerOf query={query} what={`an order for ${countHosts(question.hosts.length)}`}>
          {({ upgrade }) => (upgrade === null ? null : <Plan upgrade={upgrade} />)}
        </AnswerOf>
      )}
    </>
  );
}

function Plan({ upgrade }: { readonly upgrade: Upgrade }) {
  if (upgrade.kind !== 'order') {
    return (
      <div className="page-scroll">
        <p className="pool-verdict">
          <span className={upgrade.kind === 'none' ? 'glyph-refused' : 'glyph-unknown'}>
            {upgrade.kind === 'none' ? '✕' : '?'}
          </span>{' '}
          {upgrade.kind === 'none' ? 'There is no order that strands no VM' : 'Whether there is an order is not known'}:{' '}
          {upgrade.reason}
        </p>
        {upgrade.stranded.map(({ vm, answer, obstacles }) => (
          <section key={vm} className="page-section">
            <h2 className="page-section-title">
              <span className={answer === 'no' ? 'glyph-refused' : 'glyph-unknown'}>{answer === 'no' ? '✕' : '?'}</span>{' '}
              {vm}
            </h2>
            <ObstacleTable obstacles={obstacles} />
          </section>
        ))}
      </div>
    );
  }
  const busy = upgrade.steps.filter(({ moves }) => moves.length > 0).length;
  return (
    <div className="page-scroll">
      <p className="pool-verdict">
        <span className="glyph-runs">●</span> {countHosts(upgrade.steps.length)} in this order; VMs move before {busy}{' '}
        of the steps.
      </p>
      <table className="sheet">
        <thead>
          <tr>
            <th scope="col">#</th>
            <th scope="col">Host</th>
            <th scope="col">Before that, move</th>
          </tr>
        </thead>
        <tbody>
          {upgrade.steps.map(({ host, moves }, at) => (
            <tr key={host.id}>
              <td className="number">{at + 1}</td>
              <th scope="row">
                <HostNames hosts={[host]} />
              </th>
              <td>
                {moves.length === 0 ? <span className="quiet">nothing</span> : null}
                {moves.map(({ vm, to, line }) => (
                  <div key={vm}>
                    {vm} → <HostNames hosts={[to]} /> <code className="quiet">-cpu {line}</code>
                  </div>
                ))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
