import { useQuery } from '@tanstack/react-query';
import type { Comparison } from '@cpu-atlas/contract';
import { faultOf } from '../../api/fault.ts';
import { comparisonQuery } from '../../api/queries.ts';
import { FaultNotice } from '../../components/fault-notice.tsx';
import { LayerChanges } from '../../components/layer-changes.tsx';
import type { Thing } from './use-things.ts';

/** Of two snapshots: what changed from the first to the second, and which layer did it. */
export function SnapshotChanges({ things }: { readonly things: readonly Thing[] }) {
  const [first, second] = things;
  const isPair = things.length === 2 && things.every(({ item }) => item?.kind === 'host' || item?.kind === 'snapshot');
  const [a, b] = [first?.snapshotHash ?? '', second?.snapshotHash ?? ''];
  const comparison = useQuery(comparisonQuery(isPair ? a : '', isPair ? b : ''));
  if (!isPair || a === '' || b === '') return null;
  return (
    <section className="compare-causes">
      <h2 className="page-section-title">
        From {first?.title} to {second?.title}, layer by layer, each with its own QEMU
      </h2>
      {comparison.isError ? (
        <FaultNotice fault={faultOf(comparison.error)} onRetry={() => void comparison.refetch()} />
      ) : comparison.data === undefined ? (
        <p className="quiet" role="status">
          Comparing …
        </p>
      ) : (
        <Layers comparison={comparison.data} />
      )}
    </section>
  );
}

const turnWords = {
  gained: 'can start now',
  lost: 'cannot start any more',
  widened: 'get more features',
  narrowed: 'get fewer features',
  told: 'are known now',
  untold: 'are not known any more',
} as const satisfies Record<Comparison['models'][number]['turn'], string>;

function Layers({ comparison: { layers, models } }: { readonly comparison: Comparison }) {
  if (layers.length + models.length === 0) return <p>Nothing that a guest could see is different.</p>;
  return (
    <>
      <LayerChanges layers={layers} />
      <ul className="compare-models">
        {countTurns(models).map(({ turn, names }) => (
          <li key={turn} title={names.join(', ')}>
            {names.length} {names.length === 1 ? 'model' : 'models'} {turnWords[turn]}:{' '}
            <span className="mono sheet-names">{names.slice(0, 8).join(' ')}</span>
            {names.length > 8 ? ' …' : ''}
          </li>
        ))}
      </ul>
    </>
  );
}

function countTurns(models: Comparison['models']) {
  const turns = new Map<Comparison['models'][number]['turn'], Set<string>>();
  for (const { turn, model } of models) turns.set(turn, (turns.get(turn) ?? new Set()).add(model));
  return [...turns].map(([turn, names]) => ({ turn, names: [...names] }));
}
