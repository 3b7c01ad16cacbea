import type { ReactNode } from 'react';

/** A part of a host's card under a hairline. */
export function Part({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <section className="host-part">
      <h3 className="host-part-title">{title}</h3>
      <div>{children}</div>
    </section>
  );
}
