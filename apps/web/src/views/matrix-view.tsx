import type { LoadedAtlas } from '../api/use-atlas.ts';
import type { Fault } from '../api/fault.ts';
import { useAtlas } from '../api/use-atlas.ts';
import { FaultNotice } from '../components/fault-notice.tsx';
import { Shell } from '../components/shell.tsx';
import type { MatrixState } from '../navigation/route.ts';
import { useChangeMatrix } from '../navigation/use-route.ts';
import { FirstRun } from './first-run/first-run.tsx';
import type { Missing } from './first-run/first-run.tsx';
import { MatrixScreen } from './matrix-screen.tsx';
import { MatrixSkeleton } from './matrix-skeleton.tsx';

/** Model × machine type of one host: loads what the link pins, then hands over to the screen. */
export function MatrixView({ state }: { readonly state: MatrixState }) {
  const change = useChangeMatrix();
  const atlas = useAtlas(state);
  switch (atlas.kind) {
    case 'loading':
      return (
        <Shell title="Matrix" panel={null} commands={[]}>
          <MatrixSkeleton what={atlas.what} />
        </Shell>
      );
    case 'fault': {
      const missing = missingOf(atlas.fault, state);
      return (
        <Shell title="Matrix" panel={null} commands={[]}>
          {missing !== null ? (
            <FirstRun missing={missing} onRetry={atlas.retry} />
          ) : (
            <FaultNotice fault={atlas.fault} onRetry={atlas.retry}>
              {isPinned(state) ? (
                <button type="button" className="button" onClick={() => change(unpinned)}>
                  Show what is newest
                </button>
              ) : null}
            </FaultNotice>
          )}
        </Shell>
      );
    }
    case 'ready':
      return <MatrixScreen atlas={atlas satisfies LoadedAtlas} state={state} change={change} />;
  }
}

/** A backend that was just started, and has nothing to answer with; null: something else is wrong. */
function missingOf({ code }: Fault, state: MatrixState): Missing | null {
  if (isPinned(state)) return null;
  return code === 'HOST_NOT_FOUND' ? 'host' : code === 'CATALOG_NOT_FOUND' ? 'catalog' : null;
}

const unpinned = { host: '', snapshot: '', catalog: '' } as const satisfies Partial<MatrixState>;

function isPinned(state: MatrixState): boolean {
  return state.host !== '' || state.snapshot !== '' || state.catalog !== '';
}
