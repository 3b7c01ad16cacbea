import { explain } from '@cpu-atlas/core';
import type { FeatureVerdict, Resolution, ResolutionRequest, ResolveContext } from '@cpu-atlas/core';
import { useMemo } from 'react';
import type { ReactNode } from 'react';
import { faultOf } from '../api/fault.ts';
import type { Fault } from '../api/fault.ts';
import { CopyButton, IconButton } from '../components/buttons.tsx';
import { Icon } from '../components/icons.tsx';
import { FaultNotice } from '../components/fault-notice.tsx';
import { OutcomeGlyph } from '../components/outcome-glyph.tsx';
import { Sentence } from '../components/sentence.tsx';
import { CommandBox } from './command-box.tsx';
import { findExplicitCpu, writeCommandLine } from './write-command-line.ts';
import { inState } from './explanation.ts';
import { FeatureFinder } from './feature-finder.tsx';
import { BlockedFeatures, FoldedFeatures } from './feature-lists.tsx';
import { Fitness } from './fitness.tsx';
import { Identity } from './identity.tsx';
import { Section } from './section.tsx';
import { Verdict } from './verdict.tsx';
import { writeMarkdown, writeText } from './write-explanation.ts';
import type { ExplainedCell } from './write-explanation.ts';
import './inspector.css';

interface InspectorProps {
  readonly context: ResolveContext;
  readonly request: ResolutionRequest;
  /** Machine types of the same column, which have the same outcome. */
  readonly equals: readonly string[];
  readonly host: string;
  readonly qemu: string;
  readonly isOffered: boolean;
  readonly proof: ReactNode;
  readonly onPickMachine: (machine: string) => void;
  readonly onClose: () => void;
}

type Explained =
  | { readonly kind: 'explained'; readonly resolution: Resolution; readonly features: readonly FeatureVerdict[] }
  | { readonly kind: 'fault'; readonly fault: Fault };

/** Explains one cell: what QEMU does, which layer withholds what, on which evidence, and what to do about it. */
export function Inspector(props: InspectorProps) {
  const { context, request, equals, isOffered, onPickMachine, onClose } = props;
  const explained = useMemo((): Explained | null => {
    if (!isOffered) return null;
    try {
      return { kind: 'explained', ...explain(context, request) };
    } catch (thrown) {
      return { kind: 'fault', fault: faultOf(thrown) };
    }
  }, [context, request, isOffered]);
  return (
    <article className="inspector" data-testid="inspector">
      <header className="inspector-head">
        <div>
          <h2 className="inspector-model mono">{request.cpu}</h2>
          <p className="inspector-place">
            on <span className="mono">{request.machine}</span>, {request.accel}
          </p>
        </div>
        <IconButton icon="close" label="Close (Esc)" onPress={onClose} />
      </header>
      <div className="inspector-scroll" tabIndex={0} role="region" aria-label={`${request.cpu} on ${request.machine}`}>
        {explained === null ? (
          <p className="inspector-block">
            <OutcomeGlyph outcome="not-offered" /> {request.machine} does not offer {request.cpu}, or the catalog could
            not see it there.
          </p>
        ) : explained.kind === 'fault' ? (
          <FaultNotice fault={explained.fault} />
        ) : (
          <Explanation {...props} {...explained} />
        )}
        <EqualMachines machine={request.machine} equals={equals} onPickMachine={onPickMachine} />
      </div>
    </article>
  );
}

type ExplanationProps = InspectorProps & {
  readonly resolution: Resolution;
  readonly features: readonly FeatureVerdict[];
};

function Explanation({ context, request, host, qemu, proof, resolution, features }: ExplanationProps) {
  const filtered = inState(features, 'filtered');
  const commandLine = writeCommandLine(request);
  const explicit = useMemo(() => findExplicitCpu(context, request, resolution), [context, request, resolution]);
  const written = (): ExplainedCell => ({
    host,
    qemu,
    snapshotTaken: context.snapshot?.collectedAt ?? 'no host',
    commandLine,
    link: location.href,
    resolution,
    features,
  });
  return (
    <>
      <Verdict resolution={resolution} features={features} />
      <div className="inspector-block">
        <CommandBox text={commandLine} label="Copy the command line" />
        {explicit === null ? null : (
          <details>
            <summary className="inspector-more">
              <Icon name="right" size={12} /> The same guest, asked for in so many words
            </summary>
            <p className="inspector-note">
              What is filtered is switched off: no warnings, <code>enforce</code> starts, and no other host gives more.
            </p>
            <CommandBox text={`-cpu ${explicit}`} label="Copy the explicit -cpu" />
          </details>
        )}
        {proof}
      </div>
      {resolution.refusal === undefined ? null : (
        <Section title="Refusal">
          <pre className="inspector-pre">{resolution.refusal.message}</pre>
          <p className="inspector-remedy">
            <Sentence text={resolution.refusal.remedy} />
          </p>
        </Section>
      )}
      <Remarks
        title="Not known"
        remarks={resolution.status === 'unknown' ? resolution.unknowns.slice(1) : resolution.unknowns}
      />
      <FeatureFinder features={features}>
        <BlockedFeatures features={filtered} />
        <FoldedFeatures title="Unknown" features={inState(features, 'unknown')} />
        <FoldedFeatures title="Enabled" features={inState(features, 'enabled')} />
        <FoldedFeatures
          title="Missing"
          note="The host could, but the model does not ask."
          features={inState(features, 'missing')}
        />
        <FoldedFeatures title="Absent" note="Neither asked for nor to be had." features={inState(features, 'absent')} />
      </FeatureFinder>
      {resolution.warnings.length === 0 ? null : (
        <Section title="Warnings" count={resolution.warnings.length} isFolded>
          <pre className="inspector-pre">{resolution.warnings.join('\n')}</pre>
        </Section>
      )}
      <Fitness resolution={resolution} features={features} snapshot={context.snapshot} />
      <Identity resolution={resolution} />
      <Remarks title="Assumed" remarks={resolution.assumptions} />
      <footer className="inspector-foot">
        <CopyButton label="Text" text={() => writeText(written())} />
        <CopyButton label="Markdown" text={() => writeMarkdown(written())} />
        <CopyButton label="Link" text={() => location.href} />
      </footer>
    </>
  );
}

function Remarks({ title, remarks }: { readonly title: string; readonly remarks: readonly string[] }) {
  if (remarks.length === 0) return null;
  return (
    <Section title={title}>
      <ul className="inspector-remarks">
        {remarks.map((remark) => (
          <li key={remark}>{remark}</li>
        ))}
      </ul>
    </Section>
  );
}

function EqualMachines({
  machine,
  equals,
  onPickMachine,
}: { readonly machine: string } & Pick<InspectorProps, 'equals' | 'onPickMachine'>) {
  const others = equals.filter((name) => name !== machine);
  if (others.length === 0) return null;
  return (
    <Section title="Equal machine types" count={others.length} isFolded>
      <ul className="inspector-machines">
        {others.map((name) => (
          <li key={name}>
            <button type="button" className="link mono" onClick={() => onPickMachine(name)}>
              {name}
            </button>
          </li>
        ))}
      </ul>
    </Section>
  );
}
