import type { VerificationResult } from '@cpu-atlas/contract';
import { FaultNotice } from '../components/fault-notice.tsx';
import { Icon } from '../components/icons.tsx';
import { countFeatures } from '../matrix/cell.ts';
import type { Proof } from '../proofs/proof-store.ts';

interface ProofPanelProps {
  readonly proof: Proof | undefined;
  /** Some cell, this or another, is being proven: the backend runs one QEMU at a time. */
  readonly isBusy: boolean;
  /** Why this cell cannot be proven here, or null. */
  readonly obstacle: string | null;
  readonly qemu: string;
  readonly onProve: () => void;
}

/** Launches the real QEMU for this cell, paused, and shows what it said beside what Atlas says. */
export function ProofPanel({ proof, isBusy, obstacle, qemu, onProve }: ProofPanelProps) {
  const isRunning = proof?.kind === 'running';
  return (
    <div className="proof" aria-live="polite" data-testid="proof">
      <div className="proof-line">
        <button
          type="button"
          className="button button-primary"
          disabled={obstacle !== null || isBusy}
          onClick={onProve}
          title="Launch the real QEMU, paused, and compare"
        >
          {proof === undefined || isRunning ? 'Prove it' : 'Prove it again'}
        </button>
        <p className="inspector-note">
          {obstacle ??
            (isRunning
              ? `QEMU ${qemu} is being asked …`
              : isBusy
                ? 'Another cell is being proven …'
                : `asks QEMU ${qemu} itself`)}
        </p>
      </div>
      {isRunning ? <progress className="proof-progress" aria-label="Proof under way" /> : null}
      {proof?.kind === 'failed' ? <FaultNotice fault={proof.fault} /> : null}
      {proof?.kind === 'answered' ? <Comparison result={proof.result} qemu={qemu} /> : null}
    </div>
  );
}

function Comparison({ result, qemu }: { readonly result: VerificationResult; readonly qemu: string }) {
  const duration = `${Math.round(result.durationMs)} ms`;
  return (
    <div className={`comparison comparison-${result.outcome}`}>
      {result.outcome === 'equal' ? (
        <p>
          <Icon name="check" size={12} /> <strong>Equal.</strong> {writeAgreement(result, qemu)} in {duration}.
        </p>
      ) : result.outcome === 'different' ? (
        <p>
          <strong>Different.</strong> QEMU {qemu} said something else in {result.differences.length}{' '}
          {result.differences.length === 1 ? 'point' : 'points'} ({duration}). This is a defect of CPU Atlas: please
          report it.
        </p>
      ) : (
        <p>
          <strong>Could not tell.</strong> {result.reason ?? 'QEMU gave no answer that can be compared.'} ({duration})
        </p>
      )}
      {result.differences.length === 0 ? null : <Differences result={result} />}
      <details className="comparison-command">
        <summary>What was run</summary>
        <code>{result.command.join(' ')}</code>
      </details>
    </div>
  );
}

/** What was compared, counted. */
export function writeAgreement({ resolution }: Pick<VerificationResult, 'resolution'>, qemu: string): string {
  if (resolution.status === 'refused') return `QEMU ${qemu} refuses it too`;
  const words = `${resolution.featureWords.length} feature words`;
  const unavailable = countFeatures(resolution.unavailableFeatures.length);
  return `QEMU ${qemu} said the same: ${words}, ${unavailable} unavailable, levels and identity`;
}

function Differences({ result }: { readonly result: VerificationResult }) {
  return (
    <table className="differences">
      <thead>
        <tr>
          <th scope="col">What</th>
          <th scope="col">Atlas</th>
          <th scope="col">QEMU</th>
        </tr>
      </thead>
      <tbody>
        {result.differences.map(({ what, atlas, qemu }) => (
          <tr key={what}>
            <th scope="row">{what}</th>
            <td className="mono">{writeValue(atlas)}</td>
            <td className="mono">{writeValue(qemu)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function writeValue(value: VerificationResult['differences'][number]['atlas']): string {
  if (value === null) return 'nothing';
  return Array.isArray(value) ? value.join(', ') || 'none' : String(value);
}
