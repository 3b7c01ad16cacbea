import type { ReactNode } from 'react';
import './page.css';

/** Nothing to show, why that is, and what to do. */
export function EmptyState({ title, children, action }: EmptyStateProps) {
  return (
    <div className="empty" role="status">
      <h2 className="empty-title">{title}</h2>
      <div className="empty-text">{children}</div>
      {action === undefined ? null : <div className="empty-actions">{action}</div>}
    </div>
  );
}

interface EmptyStateProps {
  readonly title: string;
  readonly children: ReactNode;
  readonly action?: ReactNode;
}
