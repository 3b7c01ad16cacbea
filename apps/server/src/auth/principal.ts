import type { Role } from '../store/store.ts';

/** Who asks. */
export interface Principal {
  /** As the audit names it: `token:ID`, `oidc:SUBJECT`, `proxy:NAME`, `local`, `anyone`. */
  readonly actor: string;
  readonly displayName: string;
  readonly role: Role;
  /** The token that was shown, for binding it to its host. */
  readonly tokenId: string | null;
  /** The one host that an agent may write; null: not bound yet, or no agent. */
  readonly hostId: string | null;
}

/**
 * Who may use a route, declared by each route as `config: { access }`. There is no default: a route without one does not
 * start.
 *
 * - `public`: anybody, before a login: health, the login itself, the built dashboard.
 * - `viewer`: viewers and operators; reads, and computations that change nothing.
 * - `operator`: operators only; whatever changes the fleet, launches something or shows secrets.
 * - `agent`: agents for their own host (`params.id`), and operators.
 */
export const accessLevels = ['public', 'viewer', 'operator', 'agent'] as const;
export type Access = (typeof accessLevels)[number];

/** Whoever sits at the machine itself, where no login is configured. */
export const localOperator: Principal = {
  actor: 'local',
  displayName: 'local',
  role: 'operator',
  tokenId: null,
  hostId: null,
};

/** Anybody, on a server that was opened to its network on purpose; the role is in the settings. */
export const everybody: Omit<Principal, 'role'> = {
  actor: 'anyone',
  displayName: 'anyone',
  tokenId: null,
  hostId: null,
};
