import type { IconName } from '../components/icons.tsx';
import { compareFields } from '../views/compare/compare-fields.ts';
import { decodeFields } from '../views/decode/decode-fields.ts';
import { fleetFields } from '../views/fleet/fleet-fields.ts';
import { hostFields } from '../views/host/host-fields.ts';
import { hostsFields } from '../views/hosts/hosts-fields.ts';
import { modelFields, modelsFields } from '../views/models/models-fields.ts';
import { pivotFields } from '../views/pivot/pivot-fields.ts';
import { reportsFields } from '../views/reports/reports-fields.ts';
import { securityFields } from '../views/security/security-fields.ts';
import { poolsFields } from '../views/pools/pools-fields.ts';
import { vmsFields } from '../views/vms/vms-fields.ts';
import { stabilityFields } from '../views/stability/stability-fields.ts';
import { matrixFields } from './matrix-fields.ts';

interface Screen {
  readonly path: string;
  /** In the navigation, the command palette and the title of the page. */
  readonly label: string;
  /** Of the link in the navigation; null: it is reached from other screens. */
  readonly icon: IconName | null;
  /** The parameters of its address by name, each a `Field`. */
  readonly fields: object;
}

/** All screens, in the order of the navigation. Each one's component is in `app.tsx`. */
export const screens = {
  matrix: { path: '/matrix', label: 'Matrix', icon: 'matrix', fields: matrixFields },
  pivot: { path: '/pivot', label: 'Fleet', icon: 'pivot', fields: pivotFields },
  pools: { path: '/pools', label: 'Pools', icon: 'pools', fields: poolsFields },
  vms: { path: '/vms', label: 'VMs', icon: 'vms', fields: vmsFields },
  models: { path: '/models', label: 'Models', icon: 'models', fields: modelsFields },
  compare: { path: '/compare', label: 'Compare', icon: 'compare', fields: compareFields },
  stability: { path: '/stability', label: 'Stability', icon: 'stability', fields: stabilityFields },
  security: { path: '/security', label: 'Security', icon: 'security', fields: securityFields },
  reports: { path: '/reports', label: 'Reports', icon: 'reports', fields: reportsFields },
  hosts: { path: '/hosts', label: 'Hosts', icon: 'hosts', fields: hostsFields },
  fleet: { path: '/fleet', label: 'Manage', icon: 'fleet', fields: fleetFields },
  decode: { path: '/decode', label: 'Decode', icon: 'decode', fields: decodeFields },
  host: { path: '/host', label: 'Host', icon: null, fields: hostFields },
  model: { path: '/model', label: 'Model', icon: null, fields: modelFields },
} as const satisfies Record<string, Screen>;
