import type { Cube } from '@cpu-atlas/core';
import { AsOfBanner } from '../../components/as-of-banner.tsx';
import { Banner } from '../../components/fault-notice.tsx';
import type { ViewState } from '../../navigation/route.ts';
import type { ChangeState } from '../../navigation/use-route.ts';

interface PivotBannersProps {
  readonly cube: Cube;
  readonly state: ViewState<'pivot'>;
  readonly change: ChangeState<'pivot'>;
}

/** What keeps the matrix from telling all, and how to mend it. */
export function PivotBanners({ cube, state, change }: PivotBannersProps) {
  const silent = cube.hosts.freshness.reduce((sum, code) => sum + (code === 0 ? 0 : 1), 0);
  const stands = cube.sheets.filter(({ qemu }) => qemu.runsAs !== null);
  return (
    <>
      <AsOfBanner at={state.at} onNow={() => change({ at: '' })} />
      {silent === 0 ? null : (
        <Banner>
          {silent} of {cube.hosts.ids.length} hosts {silent === 1 ? 'is' : 'are'} silent: they count as unknown, so no
          answer is wider for it.
        </Banner>
      )}
      {stands.length === 0 ? null : (
        <Banner>
          <span title={stands.map(({ qemu }) => `${qemu.version} for ${qemu.runsAs ?? ''}`).join(', ')}>
            {stands.length === 1
              ? `QEMU ${stands[0]?.qemu.runsAs ?? ''} has no catalog of its own: that of ${stands[0]?.qemu.version ?? ''} stands for it.`
              : `${stands.length} QEMU versions have no catalog of their own: the nearest stand for them.`}
          </span>
        </Banner>
      )}
    </>
  );
}
