import type { GuestCpuidDocument } from '@cpu-atlas/contract';
import { showSize } from '@cpu-atlas/core';
import type { ReactNode } from 'react';
import { Banner } from '../../components/fault-notice.tsx';
import { OutcomeGlyph } from '../../components/outcome-glyph.tsx';
import { outcomeWords, statusOutcome } from '../../matrix/cell.ts';
import { GuestEntries } from './guest-entries.tsx';
import type { ModelPart } from './model-view.tsx';

interface GuestCpuProps {
  readonly guest: GuestCpuidDocument;
  readonly state: ModelPart['state'];
}

/** A CPUID as a guest understands it, and below it as it is. */
export function GuestCpu({ guest, state }: GuestCpuProps) {
  const { resolution, refusal, unknowns, assumptions, isComplete } = guest;
  const outcome = statusOutcome(resolution.status);
  return (
    <>
      {refusal === null ? null : <Banner>QEMU does not come so far: {refusal.message}</Banner>}
      {isComplete ? null : <Banner>There may be entries beside these: what decides on that is not known.</Banner>}
      <div className="guest-facts">
        <section>
          <h3 className="page-section-title">Who it says it is</h3>
          <dl className="facts">
            <Fact term="Outcome">
              <OutcomeGlyph outcome={outcome} /> {outcomeWords[outcome]}
            </Fact>
            <Identity decoded={guest.decoded} />
          </dl>
        </section>
        <Topology decoded={guest.decoded} />
        <Caches decoded={guest.decoded} />
        <States decoded={guest.decoded} />
      </div>
      <Remarks title="Not known" texts={unknowns} />
      <Remarks title="Assumed" texts={assumptions} />
      <GuestEntries entries={guest.entries} state={state} />
    </>
  );
}

function Fact({ term, children }: { readonly term: string; readonly children: ReactNode }) {
  return (
    <>
      <dt>{term}</dt>
      <dd>{children}</dd>
    </>
  );
}

type Decoded = GuestCpuidDocument['decoded'];

const hex = (value: number | null): string => (value === null ? '?' : `0x${value.toString(16)}`);
const bits = (value: number | null): string => (value === null ? '?' : `${value} bits`);

function Identity({ decoded }: { readonly decoded: Decoded }) {
  const { vendor, brand, signature, highestLeaves, apicId, physBits, linearBits, guestPhysBits, hypervisors } = decoded;
  return (
    <>
      <Fact term="Vendor">{vendor ?? '?'}</Fact>
      <Fact term="Brand">{brand?.trim() ?? '?'}</Fact>
      <Fact term="Signature">
        {signature === null
          ? '?'
          : `family ${signature.family}, model ${signature.model}, stepping ${signature.stepping}`}
      </Fact>
      <Fact term="Highest leaves">
        <span className="mono">
          {hex(highestLeaves.basic)}, {hex(highestLeaves.extended)}
        </span>
      </Fact>
      <Fact term="Addresses">
        {bits(physBits)} physical, {bits(linearBits)} linear
        {guestPhysBits === null || guestPhysBits === 0 ? '' : `, ${guestPhysBits} bits for its own guests`}
      </Fact>
      <Fact term="APIC id">{apicId ?? '?'}</Fact>
      <Fact term="Hypervisor">
        {hypervisors.length === 0 ? 'none is told' : hypervisors.map(({ signature: name }) => name).join(', ')}
      </Fact>
    </>
  );
}

function Topology({ decoded: { levels, cpusOfPackage } }: { readonly decoded: Decoded }) {
  return (
    <section>
      <h3 className="page-section-title">Topology</h3>
      <dl className="facts">
        <Fact term="Package">{cpusOfPackage === null ? 'not told' : `${cpusOfPackage} logical CPUs`}</Fact>
        {levels.map(({ level, cpus, apicIdBits }, at) => (
          <Fact key={at} term={`Level ${level}`}>
            {cpus} logical CPUs in a {levels[at + 1]?.level ?? 'package'}; APIC id bits below {apicIdBits}
          </Fact>
        ))}
      </dl>
      {levels.length === 0 ? (
        <p className="quiet">No extended topology leaf: the guest counts cores by leaf 4.</p>
      ) : null}
    </section>
  );
}

function Caches({ decoded: { caches } }: { readonly decoded: Decoded }) {
  return (
    <section>
      <h3 className="page-section-title">Caches</h3>
      {caches.length === 0 ? <p className="quiet">None is told.</p> : null}
      <ul>
        {caches.map(({ text, source }) => (
          <li key={`${text} ${source}`}>
            {text} <span className="quiet mono models-small">{source}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function States({ decoded: { states, xsaveBytes } }: { readonly decoded: Decoded }) {
  return (
    <section>
      <h3 className="page-section-title">XSAVE</h3>
      <dl className="facts">
        <Fact term="Whole area">{xsaveBytes === null ? 'not told' : showSize(xsaveBytes)}</Fact>
        {states.map(({ component, sizeBytes, offset }) => (
          <Fact key={component} term={`State ${component}`}>
            {sizeBytes} bytes{offset === null ? '' : ` at ${offset}`}
          </Fact>
        ))}
      </dl>
    </section>
  );
}

function Remarks({ title, texts }: { readonly title: string; readonly texts: readonly string[] }) {
  if (texts.length === 0) return null;
  return (
    <p className="guest-remarks quiet">
      {title}: {texts.join('; ')}.
    </p>
  );
}
