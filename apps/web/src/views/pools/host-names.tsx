import { Fragment } from 'react';
import { formatRoute, routeTo } from '../../navigation/route.ts';

interface HostNamesProps {
  readonly hosts: readonly { readonly id: string; readonly name: string }[];
  /** All of them, where only the first are named. */
  readonly count?: number;
}

/** `node-1, node-2 and 3 more`, each a link to its host. */
export function HostNames({ hosts, count = hosts.length }: HostNamesProps) {
  return (
    <>
      {hosts.map(({ id, name }, at) => (
        <Fragment key={id}>
          {at === 0 ? '' : ', '}
          <a href={formatRoute(routeTo('host', { id }))}>{name}</a>
        </Fragment>
      ))}
      {count > hosts.length ? ` and ${count - hosts.length} more` : ''}
    </>
  );
}
