import { useNavigate } from '@tanstack/react-router';
import { useEffect, type RefObject } from 'react';
import { PLACES } from './places.js';

/** How long after `g` the second key counts, in ms. */
const CHORD_MS = 1_000;

/** `/` finds, `g` and a letter goes to a page, `n` submits a task, `?` shows the keys. Not while something is typed. */
export function useKeyboard(keys: { box: RefObject<HTMLInputElement | null>; onNew: () => void; onHelp: () => void }): void {
  const navigate = useNavigate();
  const { box, onNew, onHelp } = keys;
  useEffect(() => {
    let chordUntil = 0;
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      const place = Date.now() < chordUntil ? PLACES.find(({ key }) => key === event.key) : undefined;
      chordUntil = event.key === 'g' ? Date.now() + CHORD_MS : 0;
      if (place) void navigate({ to: place.to, search: {} });
      else if (event.key === '/') box.current?.focus();
      else if (event.key === 'n') onNew();
      else if (event.key === '?') onHelp();
      else return;
      event.preventDefault();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [navigate, box, onNew, onHelp]);
}

/** Fields in which letters are no text. */
const NO_TEXT = ['checkbox', 'radio', 'button', 'submit'];

/** True where letters are text, and while a dialog is open. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement && NO_TEXT.includes(target.type)) return target.closest('dialog') !== null;
  return target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName) || target.closest('dialog') !== null;
}
