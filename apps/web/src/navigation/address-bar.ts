/** The address bar and its history, as the route store needs them. */
export interface AddressBar {
  readonly read: () => URL;
  readonly push: (address: string) => void;
  readonly replace: (address: string) => void;
  /** Back and Forward. */
  readonly onTravel: (travelled: () => void) => void;
  /** The page is about to be left. */
  readonly onLeave: (leave: () => void) => void;
  /** Runs something later; the answer calls it off. */
  readonly later: (run: () => void, delayMs: number) => () => void;
}

export function addressBarOf(page: Window): AddressBar {
  return {
    read: () => new URL(page.location.href),
    push: (address) => page.history.pushState(null, '', address),
    replace: (address) => page.history.replaceState(null, '', address),
    onTravel: (travelled) => page.addEventListener('popstate', travelled),
    onLeave: (leave) => page.addEventListener('pagehide', leave),
    later: (run, delayMs) => {
      const timer = page.setTimeout(run, delayMs);
      return () => page.clearTimeout(timer);
    },
  };
}
