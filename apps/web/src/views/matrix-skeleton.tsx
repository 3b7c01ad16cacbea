import './matrix-skeleton.css';

/** The shape of the matrix while its parts arrive. */
export function MatrixSkeleton({ what }: { readonly what: string }) {
  return (
    <div className="skeleton" role="status" aria-label={`Loading the ${what}`}>
      {Array.from({ length: 24 }, (_, line) => (
        <div key={line} className="skeleton-line" />
      ))}
    </div>
  );
}
