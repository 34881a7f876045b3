import type { Overview } from '@trivet/contracts';
import { useEffect, useRef } from 'react';
import { count } from '../../formatting/numbers.js';

const HEIGHT_PX = 200;

/** Workflows that ended, minute by minute: completed and failed as lines. The chart's library comes when there is something to draw. */
export function LastHour({ minutes }: { minutes: Overview['perMinute'] }) {
  const box = useRef<HTMLDivElement>(null);
  const completed = minutes.reduce((sum, minute) => sum + minute.completed, 0);
  const failed = minutes.reduce((sum, minute) => sum + minute.failed, 0);
  useEffect(() => {
    const place = box.current;
    if (!place) return;
    let gone = false;
    let remove = () => {};
    void import('./draw-lines.js').then(({ drawLines }) => {
      if (gone) return;
      remove = drawLines(place, HEIGHT_PX, minutes);
    });
    return () => {
      gone = true;
      remove();
    };
  }, [minutes]);
  const words = `${count(completed, 'workflow')} completed and ${failed} failed in the last hour`;
  return (
    <figure className="grid min-w-0 gap-2">
      <div ref={box} role="img" aria-label={words} style={{ height: `${HEIGHT_PX}px` }} className="min-w-0 overflow-hidden" />
      <figcaption className="text-muted">{words}.</figcaption>
    </figure>
  );
}
