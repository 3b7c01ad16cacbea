import type { ReactNode } from 'react';
import { Icon } from '../components/icons.tsx';

interface SectionProps {
  readonly title: string;
  readonly count?: number;
  /** Folded at first; without this the section cannot be folded. */
  readonly isFolded?: boolean;
  readonly children: ReactNode;
}

/** A part of the pane under a hairline. */
export function Section({ title, count, isFolded, children }: SectionProps) {
  if (isFolded !== true) {
    return (
      <section className="section">
        <h3 className="section-title">
          {title}
          {count === undefined ? null : <span className="section-count">{count}</span>}
        </h3>
        {children}
      </section>
    );
  }
  return (
    <details className="section">
      <summary className="section-title">
        <Icon name="right" size={12} />
        {title}
        {count === undefined ? null : <span className="section-count">{count}</span>}
      </summary>
      {children}
    </details>
  );
}
