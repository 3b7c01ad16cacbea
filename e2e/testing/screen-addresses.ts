import { screens } from '../../apps/web/src/navigation/screens.ts';
import type { View } from '../../apps/web/src/navigation/route.ts';

/** What a screen needs to show something of the demo fleet; a screen without an entry is opened as it is. */
const addressed: Partial<Record<View, string>> = {
  compare: '?items=model:EPYC-Milan,model:Skylake-Server',
  host: '?id=demo:epyc-7601-32-core',
  model: '?name=EPYC-Milan',
};

/** Every registered screen, with an address at which it has something to show. */
export const screenAddresses: readonly { readonly view: View; readonly address: string }[] = (
  Object.keys(screens) as readonly View[]
).map((view) => ({ view, address: `${screens[view].path}${addressed[view] ?? ''}` }));
