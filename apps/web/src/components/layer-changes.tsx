import type { Comparison } from '@cpu-atlas/contract';
import './page.css';

const causeWords = {
  hardware: 'Hardware',
  microcode: 'Microcode',
  kernel: 'Kernel',
  'module-parameter': 'Module parameter',
  qemu: 'QEMU',
} as const satisfies Record<Comparison['layers'][number]['cause'], string>;

/** What changed from one snapshot to another, layer by layer, with the features that it brought and took. */
export function LayerChanges({ layers }: Pick<Comparison, 'layers'>) {
  return (
    <table className="sheet">
      <thead>
        <tr>
          <th scope="col">Layer</th>
          <th scope="col">What changed</th>
          <th scope="col">Features gained</th>
          <th scope="col">Features lost</th>
        </tr>
      </thead>
      <tbody>
        {layers.map(({ cause, summary, gained, lost, untold }) => (
          <tr key={`${cause} ${summary}`}>
            <th scope="row">{causeWords[cause]}</th>
            <td>{summary}</td>
            <td className="mono sheet-names">{gained.join(' ')}</td>
            <td className="mono sheet-names">
              {lost.join(' ')}
              {untold.length === 0 ? null : <span className="quiet"> not known any more: {untold.join(' ')}</span>}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
