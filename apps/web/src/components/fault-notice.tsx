import type { ReactNode } from 'react';
import type { Fault } from '../api/fault.ts';
import { Icon } from './icons.tsx';
import './notice.css';

/** A fault in full: what, where, what to do; with the code that one can search for. */
export function FaultNotice({
  fault,
  onRetry,
  children,
}: {
  readonly fault: Fault;
  readonly onRetry?: () => void;
  readonly children?: ReactNode;
}) {
  return (
    <div className="fault" role="alert">
      <h2 className="fault-title">
        <Icon name="warning" /> {fault.title}
      </h2>
      {fault.detail === fault.title ? null : <p>{fault.detail}</p>}
      <dl className="fault-facts">
        {fault.where === undefined ? null : (
          <>
            <dt>Where</dt>
            <dd>
              <code>{fault.where}</code>
            </dd>
          </>
        )}
        {fault.remedy === undefined ? null : (
          <>
            <dt>Remedy</dt>
            <dd>{fault.remedy}</dd>
          </>
        )}
        <dt>Code</dt>
        <dd>
          <code>{fault.code}</code>
        </dd>
      </dl>
      <div className="fault-actions">
        {onRetry === undefined ? null : (
          <button type="button" className="button" onClick={onRetry}>
            Try again
          </button>
        )}
        {children}
      </div>
    </div>
  );
}

interface BannerProps {
  readonly children: ReactNode;
  readonly action?: ReactNode;
  /** `held`: nothing is missing, the view only stands still. */
  readonly tone?: 'warning' | 'held';
}

/** One line over a view that shows less than it could, or what was; and why. */
export function Banner({ children, action, tone = 'warning' }: BannerProps) {
  return (
    <div className="banner" role="status" data-tone={tone}>
      <Icon name={tone === 'held' ? 'clock' : 'warning'} />
      <p>{children}</p>
      {action}
    </div>
  );
}
