import type { IconName } from '../components/icons.tsx';
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
  hosts: { path: '/hosts', label: 'Hosts', icon: 'hosts', fields: {} },
} as const satisfies Record<string, Screen>;
