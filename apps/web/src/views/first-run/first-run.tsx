import { CopyButton } from '../../components/buttons.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { formatRoute, routeTo } from '../../navigation/route.ts';
import './first-run.css';

const demoCommand = 'cpu-atlas serve --demo';
const printCommand = 'cpu-atlas probe --out host.json';

/** What is missing for a matrix: any host at all, or a QEMU that could answer. */
export type Missing = 'host' | 'catalog';

const words = {
  host: {
    title: 'No host is known yet',
    text: 'A matrix needs a host: what its CPU has, what its kernel and KVM offer, which QEMU runs there.',
  },
  catalog: {
    title: 'No QEMU is known yet',
    text: 'A matrix needs the models and machine types of a QEMU: install qemu-system-x86 on this host, then probe it again.',
  },
} as const satisfies Record<Missing, { readonly title: string; readonly text: string }>;

/** The first screen of a backend that cannot show a matrix yet: why that is, and the ways to get one. */
export function FirstRun({ missing, onRetry }: { readonly missing: Missing; readonly onRetry: () => void }) {
  const { title, text } = words[missing];
  return (
    <EmptyState
      title={title}
      action={
        <button type="button" className="button" onClick={onRetry}>
          Look again
        </button>
      }
    >
      <p>{text}</p>
      <WaysIn />
    </EmptyState>
  );
}

/** Three ways to a matrix, none of which needs KVM or QEMU on this host. */
export function WaysIn() {
  return (
    <ul className="ways-in" aria-label="Ways to get a matrix">
      <li>
        Look around in a fleet of recorded hosts: <Command text={demoCommand} />
      </li>
      <li>
        <a href={formatRoute(routeTo('fleet', { tab: 'import' }))}>Import a host</a> from what it prints: CPUID dumps,{' '}
        <code>/proc/cpuinfo</code>, <code>virsh capabilities</code>, or <Command text={printCommand} />
      </li>
      <li>
        <a href={formatRoute(routeTo('fleet', { tab: 'join' }))}>Let hosts join</a>, each with its own agent.
      </li>
    </ul>
  );
}

function Command({ text }: { readonly text: string }) {
  return (
    <span className="ways-in-command">
      <code>{text}</code> <CopyButton label={`Copy ${text}`} text={() => text} icon />
    </span>
  );
}
