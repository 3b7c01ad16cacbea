import { decodeText } from '@cpu-atlas/core';
import type { DecodedFeature, DecodedLayer, DecodedMessage, Decoding, MessageSource } from '@cpu-atlas/core';
import { useDeferredValue, useMemo, useState } from 'react';
import { faultOf } from '../../api/fault.ts';
import type { Fault } from '../../api/fault.ts';
import { CopyButton } from '../../components/buttons.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { FaultNotice } from '../../components/fault-notice.tsx';
import { Labelled } from '../../components/inputs.tsx';
import { Shell } from '../../components/shell.tsx';
import { routeTo } from '../../navigation/route.ts';
import { useNavigate } from '../../navigation/use-route.ts';
import { writeDecoding } from './write-decoding.ts';
import './decode.css';

const example = [
  "qemu-system-x86_64: warning: host doesn't support requested feature: CPUID.07H:EBX.hle [bit 4]",
  "error: operation failed: guest CPU doesn't match specification: extra features: ht, missing features: waitpkg",
  'Fatal glibc error: CPU does not support x86-64-v2',
].join('\n');

/** Paste an error; see what it means, who has to act, and how. Nothing leaves the browser. */
export function DecodeView() {
  const [text, setText] = useState('');
  const pasted = useDeferredValue(text);
  const decoded = useMemo(() => decode(pasted), [pasted]);
  return (
    <Shell title="Decode an error" panel={<DecodePanel />} commands={[]}>
      <div className="decode">
        <div className="decode-paste">
          <Labelled
            label="Error text"
            hint="Of QEMU, libvirt, Nova, KubeVirt, XAPI, Proxmox or a guest. It stays in this browser."
          >
            {(id) => (
              <textarea
                id={id}
                className="text-area"
                value={text}
                spellCheck={false}
                placeholder={example}
                onChange={(event) => setText(event.target.value)}
              />
            )}
          </Labelled>
        </div>
        <div className="decode-result" tabIndex={0} role="region" aria-label="What it means" aria-live="polite">
          {decoded === null ? (
            <EmptyState
              title="Paste what went wrong"
              action={
                <button type="button" className="button" onClick={() => setText(example)}>
                  Try an example
                </button>
              }
            >
              <p>Atlas names each feature with its bit, the layer that withholds it, and what to do.</p>
            </EmptyState>
          ) : 'fault' in decoded ? (
            <FaultNotice fault={decoded.fault} />
          ) : (
            <Result decoding={decoded} />
          )}
        </div>
      </div>
    </Shell>
  );
}

function decode(text: string): Decoding | { readonly fault: Fault } | null {
  if (text.trim() === '') return null;
  try {
    return decodeText(text);
  } catch (thrown) {
    return { fault: faultOf(thrown) };
  }
}

function DecodePanel() {
  return (
    <div className="field panel-host">
      <span className="field-label">Decode</span>
      <span className="field-value">error texts</span>
    </div>
  );
}

function Result({ decoding }: { readonly decoding: Decoding }) {
  const { messages, otherLines } = decoding;
  if (messages.length === 0) {
    return (
      <EmptyState title="Nothing of this is known to Atlas">
        <p>Paste the lines around the error whole: names of features and numbers of MSRs are what is looked for.</p>
      </EmptyState>
    );
  }
  return (
    <>
      {messages.map((message) => (
        <Message key={message.line} message={message} />
      ))}
      <footer className="decode-foot">
        <CopyButton label="Markdown" text={() => writeDecoding(decoding)} />
        {otherLines === 0 ? null : <p className="quiet">{otherLines} other lines were not recognised.</p>}
      </footer>
    </>
  );
}

const sourceWords = {
  qemu: 'QEMU',
  libvirt: 'libvirt',
  nova: 'OpenStack Nova',
  kubevirt: 'KubeVirt',
  xapi: 'XenServer, XCP-ng',
  proxmox: 'Proxmox VE',
  guest: 'in the guest',
} as const satisfies Record<MessageSource, string>;

const layerWords = {
  'hardware-or-kernel': 'the host: silicon, microcode or kernel',
  kernel: 'the host’s kernel',
  qemu: 'QEMU',
  config: 'the configuration',
  'guest-cpu': 'the CPU that the VM was given',
  'not-told': 'not told',
} as const satisfies Record<DecodedLayer, string>;

function Message({ message }: { readonly message: DecodedMessage }) {
  return (
    <article className="decode-message">
      <h2 className="decode-meaning">{message.meaning}</h2>
      <p className="quiet">
        {sourceWords[message.source]}, line {message.line}. Where it lies: {layerWords[message.layer]}.
      </p>
      <pre className="decode-text">{message.text}</pre>
      {message.features.length === 0 ? null : <Features features={message.features} />}
      <ul className="decode-remedies">
        {message.remedies.map((remedy) => (
          <li key={remedy} className="inspector-remedy">
            {remedy}
          </li>
        ))}
      </ul>
    </article>
  );
}

function Features({ features }: { readonly features: readonly DecodedFeature[] }) {
  const navigate = useNavigate();
  return (
    <table className="sheet">
      <tbody>
        {features.map(({ name, role, bit, description, writtenAs }) => (
          <tr key={`${role} ${name}`}>
            <td className="quiet">{role}</td>
            <th scope="row">
              <button
                type="button"
                className="link mono"
                title="Show it in the matrix"
                onClick={() => navigate(routeTo('matrix', { search: name }))}
              >
                {name}
              </button>
              {writtenAs === null ? null : <span className="quiet"> written {writtenAs}</span>}
            </th>
            <td className="mono">{bit ?? '–'}</td>
            <td>{description}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
