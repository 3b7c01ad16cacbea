import { outcomes, outcomeWords } from '../matrix/cell.ts';
import type { Outcome } from '../matrix/cell.ts';
import { OutcomeGlyph } from '../components/outcome-glyph.tsx';
import { useIsPrinting } from '../components/use-printing.ts';
import { writeCount } from '../grid/grid-layout.ts';
import type { GridCell, GridModel, GridNote } from '../grid/grid-model.ts';
import { shareOf } from '../matrix/tally.ts';
import './printed-matrix.css';

interface PrintedMatrixProps {
  /** The front panel in words: what the cells were computed from. */
  readonly caption: string;
  readonly model: GridModel;
  /** What the glyphs mean here, where that is not whether a model runs; one without words is left out of the legend. */
  readonly words?: Partial<Record<Outcome, string>>;
}

/** The matrix for paper: a table with the front panel as its caption; built only while the page is printed. */
export function PrintedMatrix({ caption, model, words = outcomeWords }: PrintedMatrixProps) {
  const isPrinting = useIsPrinting();
  if (!isPrinting) return null;
  return (
    <>
      <table className="printed">
        <caption>{caption}</caption>
        <thead>
          <tr>
            <th scope="col">{model.corner.row}</th>
            {model.columns.map((head) => (
              <th key={head.key} scope="col">
                {head.label}{' '}
                <small>
                  {head.note} {writeCount(head)}
                </small>
              </th>
            ))}
            <th scope="col">n/N</th>
            {model.notes === null ? null : <th scope="col">{model.notes.title}</th>}
          </tr>
        </thead>
        <tbody>
          {model.rows.map((head, row) => {
            const share = model.share(row);
            return (
              <tr key={head.key} className={head.isGroup ? 'printed-group' : undefined}>
                <th scope="row">
                  {head.label}{' '}
                  <small>
                    {head.note} {writeCount(head)}
                  </small>
                </th>
                {model.columns.map(({ key }, column) => (
                  <td key={key}>
                    <PrintedCell cell={model.cell(row, column)} />
                  </td>
                ))}
                <td>
                  {share.runs}/{share.of}
                </td>
                {model.notes === null ? null : <td className="printed-note">{writeNote(model.notes.noteOf(row))}</td>}
              </tr>
            );
          })}
        </tbody>
      </table>
      <p className="printed-legend">
        {outcomes.map((outcome) =>
          words[outcome] === undefined ? null : (
            <span key={outcome}>
              <OutcomeGlyph outcome={outcome} /> {words[outcome]}
            </span>
          ),
        )}
      </p>
    </>
  );
}

function PrintedCell({ cell }: { readonly cell: GridCell }) {
  if (cell.kind === 'tally') {
    const { runs, of } = shareOf(cell.tally);
    return of === 0 ? '' : `${runs}/${of}`;
  }
  return (
    <>
      <OutcomeGlyph outcome={cell.outcome} />
      {cell.outcome === 'filtered' && cell.filtered > 0 ? ` ${cell.filtered}` : ''}
    </>
  );
}

const printedWords = 8;

function writeNote(note: GridNote | null): string {
  if (note === null) return '';
  if (note.kind === 'prose') return note.text;
  const rest = note.words.length - printedWords;
  return note.words.slice(0, printedWords).join(' ') + (rest > 0 ? ` and ${rest} more` : '');
}
