import { EmptyState } from '../../components/empty-state.tsx';

interface NoHostFitsProps {
  /** What leaves none: `search and the labels`. */
  readonly filters: string;
  readonly onReset: () => void;
}

/** A list of hosts whose filters leave none. */
export function NoHostFits({ filters, onReset }: NoHostFitsProps) {
  return (
    <EmptyState
      title="No host fits"
      action={
        <button type="button" className="button" onClick={onReset}>
          Show all hosts
        </button>
      }
    >
      <p>The {filters} leave none.</p>
    </EmptyState>
  );
}
