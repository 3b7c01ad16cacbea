import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { faultOf } from '../../api/fault.ts';
import { useLiveUpdates, useLoginWatch } from '../../api/live-updates.ts';
import { sessionQuery } from '../../api/session.ts';
import { FaultNotice } from '../../components/fault-notice.tsx';
import { LoginView } from './login-view.tsx';

/** Shows the dashboard to whoever may see it, and the login to the others. */
export function LoginGate({ children }: { readonly children: ReactNode }) {
  useLoginWatch();
  const session = useQuery(sessionQuery);
  if (session.data === undefined) {
    if (!session.isError) return null;
    return <FaultNotice fault={faultOf(session.error)} onRetry={() => void session.refetch()} />;
  }
  const { visitor, isLoginRequired } = session.data;
  return visitor === null && isLoginRequired ? <LoginView session={session.data} /> : <Live>{children}</Live>;
}

/** Only who is in may follow the fleet. */
function Live({ children }: { readonly children: ReactNode }) {
  useLiveUpdates();
  return children;
}
