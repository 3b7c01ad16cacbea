import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { faultOf } from '../../api/fault.ts';
import { FaultNotice } from '../../components/fault-notice.tsx';
import './pools.css';

interface AnswerOfProps<T> {
  readonly query: Pick<UseQueryResult<T>, 'data' | 'isError' | 'error' | 'isPlaceholderData' | 'refetch'>;
  /** What is computed, for whoever waits: `ranking 125 models on 14 hosts`. */
  readonly what: string;
  readonly children: (data: T) => ReactNode;
}

/** The states of an answer that takes a while: waiting, a fault, the one before (marked), the answer. */
export function AnswerOf<T>({ query, what, children }: AnswerOfProps<T>) {
  const { data, isError, error, isPlaceholderData, refetch } = query;
  if (isError && (data === undefined || isPlaceholderData)) {
    return <FaultNotice fault={faultOf(error)} onRetry={() => void refetch()} />;
  }
  if (data === undefined) {
    return (
      <div className="pool-waiting" role="status">
        <p>Computing: {what} …</p>
        <div className="pool-waiting-bar" />
      </div>
    );
  }
  return (
    <div className="pool-answer" data-superseded={isPlaceholderData ? '' : undefined}>
      {isPlaceholderData ? (
        <p className="pool-superseded" role="status">
          The answer before; computing: {what} …
        </p>
      ) : null}
      {children(data)}
    </div>
  );
}

export function countHosts(count: number): string {
  return count === 1 ? '1 host' : `${count} hosts`;
}
