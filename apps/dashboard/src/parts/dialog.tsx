import { useEffect, useId, useRef, type ReactNode } from 'react';
import { Button } from './button.js';

/** A modal dialog of the browser: keeps the focus inside, closes on Escape. Mount it to open it. */
export function Dialog({ title, onClose, children, wide = false }: { title: string; onClose: () => void; children: ReactNode; wide?: boolean }) {
  const element = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const dialog = element.current;
    if (dialog && !dialog.open) dialog.showModal();
  }, []);
  return (
    <dialog ref={element} aria-labelledby={titleId} onCancel={onClose} onClose={onClose} className={`m-auto max-h-[90vh] w-[calc(100vw-2rem)] overflow-auto rounded-lg border border-line bg-surface p-0 text-ink shadow-xl ${wide ? 'max-w-3xl' : 'max-w-lg'}`}>
      <div className="flex items-center justify-between gap-4 border-b border-line px-4 py-3">
        <h2 id={titleId} className="text-base font-semibold">
          {title}
        </h2>
        <Button tone="quiet" aria-label="Close" onClick={onClose}>
          ✕
        </Button>
      </div>
      <div className="p-4">{children}</div>
    </dialog>
  );
}
