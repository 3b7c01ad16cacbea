import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { Session } from '@cpu-atlas/contract';
import { useState } from 'react';
import type { FormEvent } from 'react';
import { faultOf } from '../../api/fault.ts';
import { logIn, sessionQuery } from '../../api/session.ts';
import { Labelled } from '../../components/inputs.tsx';
import './login.css';

/** Who are you: by the issuer of the organisation, or by a token. */
export function LoginView({ session: { methods } }: { readonly session: Session }) {
  const client = useQueryClient();
  const [token, setToken] = useState('');
  const login = useMutation({
    mutationFn: () => logIn(token.trim()),
    onSuccess: (session) => {
      client.setQueryData(sessionQuery.queryKey, session);
      void client.invalidateQueries();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (token.trim() !== '') login.mutate();
  };
  const fault = login.isError ? faultOf(login.error) : null;
  const problem = new URLSearchParams(location.search).get('loginProblem');
  const here = problem === null ? `${location.pathname}${location.search}` : '/';
  return (
    <main className="login">
      <h1 className="login-title">CPU Atlas</h1>
      {problem === null ? null : (
        <p className="labelled-error" role="alert">
          The login did not work (<code>{problem.slice(0, 64)}</code>): try again, or ask who runs the login service.
        </p>
      )}
      {methods.oidc === null ? null : (
        <a className="button login-oidc" href={`${methods.oidc}?returnTo=${encodeURIComponent(here)}`}>
          Log in with your organisation
        </a>
      )}
      {methods.token ? (
        <form className="login-form" onSubmit={submit}>
          <Labelled
            label="Token"
            hint="On the hub: cpu-atlas token create --role viewer --name you"
            error={
              fault === null ? undefined : `${fault.detail}${fault.remedy === undefined ? '' : `; ${fault.remedy}`}`
            }
          >
            {(id) => (
              <input
                id={id}
                className="text-input"
                type="password"
                value={token}
                autoComplete="current-password"
                onChange={(event) => setToken(event.target.value)}
              />
            )}
          </Labelled>
          <button type="submit" className="button" disabled={login.isPending || token.trim() === ''}>
            {login.isPending ? 'Logging in …' : 'Log in'}
          </button>
        </form>
      ) : null}
      {methods.proxy ? (
        <p className="quiet">The proxy in front of this backend logs people in: open the dashboard through it.</p>
      ) : null}
    </main>
  );
}
