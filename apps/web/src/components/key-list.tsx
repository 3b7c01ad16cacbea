import { Modal } from './modal.tsx';
import './key-list.css';

const keys = [
  ['← ↑ ↓ →', 'move in the matrix; Ctrl goes to the edge'],
  ['PageUp, PageDown', 'a screen up or down'],
  ['Home, End', 'head and end of the row; with Ctrl of the matrix'],
  ['Enter', 'explain the cell; fold or unfold a family or machine types'],
  ['Esc', 'close the explanation; empty the search'],
  ['/', 'search models and features'],
  ['c', 'put the explained cell, or the model, into the compare tray'],
  ['t', 'transpose'],
  ['d', 'only what differs'],
  ['⌘K, Ctrl K', 'go anywhere, do anything'],
  ['?', 'this list'],
] as const;

export function KeyList({ onClose }: { readonly onClose: () => void }) {
  return (
    <Modal label="List of keys" onClose={onClose}>
      <h2 className="key-list-title">Keys</h2>
      <dl className="key-list">
        {keys.map(([key, meaning]) => (
          <div key={key} className="key-list-line">
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      <div className="key-list-foot">
        <button type="button" className="button" autoFocus onClick={onClose}>
          Close
        </button>
      </div>
    </Modal>
  );
}
