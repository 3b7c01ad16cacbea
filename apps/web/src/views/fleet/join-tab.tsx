import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { FormEvent } from 'react';
import { faultOf } from '../../api/fault.ts';
import { requestToken, tokensQuery } from '../../api/queries.ts';
import { FaultNotice } from '../../components/fault-notice.tsx';
import { Labelled } from '../../components/inputs.tsx';
import { CommandBox } from '../../inspector/command-box.tsx';

/** Makes a token for a host and shows what to run there. */
export function JoinTab() {
  const client = useQueryClient();
  const [name, setName] = useState('');
  const create = useMutation({
    mutationFn: () => requestToken({ name: name.trim(), role: 'agent' }),
    onSuccess: () => client.invalidateQueries({ queryKey: tokensQuery.queryKey }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() !== '') create.mutate();
  };
  return (
    <div className="page-scroll fleet-narrow">
      <p>
        A host that joins probes itself and tells this backend: at its start, when something changes, and every half
        minute. It opens the connection; this backend never needs to reach it.
      </p>
      <form className="fleet-inline" onSubmit={submit}>
        <Labelled label="Name of the host" hint="The token is bound to the first host that uses it.">
          {(id) => (
            <input id={id} className="text-input" value={name} onChange={(event) => setName(event.target.value)} />
          )}
        </Labelled>
        <button type="submit" className="button button-main" disabled={create.isPending || name.trim() === ''}>
          Make a token
        </button>
      </form>
      {create.isError ? <FaultNotice fault={faultOf(create.error)} /> : null}
      {create.data === undefined ? null : (
        <section className="page-section">
          <h2 className="page-section-title">Run this on {create.data.token.name}</h2>
          <p className="quiet">The token is shown this once. It opens nothing but the writing of that one host.</p>
          <CommandBox
            text={`install -m 600 /dev/stdin /etc/cpu-atlas.token <<< '${create.data.secret}'`}
            label="Copy the command that keeps the token"
          />
          <CommandBox
            text={`cpu-atlas serve --join ${location.origin} --join-token-file /etc/cpu-atlas.token`}
            label="Copy the command that joins"
          />
        </section>
      )}
    </div>
  );
}
