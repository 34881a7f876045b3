import { Dialog } from '../parts/dialog.js';
import { KeyValues } from '../parts/key-values.js';
import { PLACES } from './places.js';

export function KeysDialog({ onClose }: { onClose: () => void }) {
  const pairs: [string, string][] = [
    ['/', 'find a workflow'],
    ['n', 'submit a task'],
    ['j  k', 'next and previous row of a list'],
    ['x', 'choose a row'],
    ['Enter', 'open a row'],
    ...PLACES.map(({ key, label }): [string, string] => [`g ${key}`, label]),
  ];
  return (
    <Dialog title="Keys" onClose={onClose}>
      <KeyValues pairs={pairs} />
    </Dialog>
  );
}
