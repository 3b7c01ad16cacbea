import type { SecurityResult } from '@cpu-atlas/contract';
import { CopyButton, IconButton } from '../../components/buttons.tsx';
import { focusGrid } from '../../grid/focus-grid.ts';
import { Section } from '../../inspector/section.tsx';
import { formatRoute, routeTo } from '../../navigation/route.ts';
import type { ViewState } from '../../navigation/route.ts';
import type { ChangeState } from '../../navigation/use-route.ts';
import { cellOf, describeSecurityCell } from './security-grid.ts';

interface SecurityPaneProps {
  readonly result: SecurityResult;
  readonly row: SecurityResult['flags'][number] | undefined;
  readonly group: SecurityResult['groups'][number] | undefined;
  readonly state: ViewState<'security'>;
  readonly change: ChangeState<'security'>;
}

/** Why a flag is what it is on a host: what the guest has, what the host says, what to do, and who says so. */
export function SecurityPane({ result, row, group, state, change }: SecurityPaneProps) {
  if (row === undefined || group === undefined) return null;
  const cell = cellOf(group, row.flag);
  const judged = cell.kind === 'flag' ? cell.flag : null;
  const [first] = group.hosts;
  const close = () => {
    change({ flag: '', host: '' });
    focusGrid();
  };
  return (
    <aside className="matrix-pane" style={{ width: state.paneWidth }} aria-label="Explanation">
      <article className="inspector" data-testid="inspector">
        <header className="inspector-head">
          <div>
            <h2 className="inspector-model mono">{row.flag}</h2>
            <p className="inspector-place">
              -cpu <span className="mono">{result.model}</span> on <span className="mono">{first?.name}</span>
            </p>
          </div>
          <IconButton icon="close" label="Close the explanation" onPress={close} />
        </header>
        <Section title={describeSecurityCell(cell)}>
          <dl className="security-facts">
            <dt>In the guest</dt>
            <dd>{judged?.state ?? (judged === null ? 'not judged' : 'this QEMU does not know the flag')}</dd>
            <dt>The host says</dt>
            <dd className="mono">
              {judged?.hostSays ?? (row.vulnerability === null ? 'there is no file about it' : 'nothing is known')}
            </dd>
            {judged?.remedy == null ? null : (
              <>
                <dt>To do</dt>
                <dd>
                  {judged.remedy} <CopyButton label="Copy" text={() => judged.remedy ?? ''} />
                </dd>
              </>
            )}
          </dl>
        </Section>
        <Section title="What it is">
          <dl className="security-facts">
            <dt>Kind</dt>
            <dd>{row.kind}</dd>
            <dt>Against</dt>
            <dd>{row.against.length === 0 ? 'nothing' : row.against.join(', ')}</dd>
            <dt>Means</dt>
            <dd>{row.text}</dd>
            <dt>Source</dt>
            <dd>
              {row.source}
              {row.secondHand ? ' (second hand)' : ''}
            </dd>
          </dl>
        </Section>
        <Section title="Hosts alike" count={group.hosts.length}>
          <ul className="security-hosts">
            {group.hosts.slice(0, 200).map(({ id, name }) => (
              <li key={id}>
                <a href={formatRoute(routeTo('host', { id, at: state.at }))}>{name}</a>
              </li>
            ))}
            {group.hosts.length > 200 ? <li className="quiet">and {group.hosts.length - 200} more</li> : null}
          </ul>
        </Section>
      </article>
    </aside>
  );
}
