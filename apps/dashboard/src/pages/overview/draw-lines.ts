import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { Overview } from '@trivet/contracts';

/** Draws the minutes into a box, in the colours of the theme, as wide as the box is and becomes. @returns what takes it away again */
export function drawLines(box: HTMLElement, height: number, minutes: Overview['perMinute']): () => void {
  let chart: uPlot | undefined;
  const draw = (): void => {
    chart?.destroy();
    const style = getComputedStyle(document.documentElement);
    const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
    const axis = { stroke: colour('muted'), grid: { stroke: colour('line'), width: 1 }, ticks: { stroke: colour('line') } };
    const data: uPlot.AlignedData = [minutes.map(({ at }) => Date.parse(at) / 1_000), minutes.map(({ completed }) => completed), minutes.map(({ failed }) => failed)];
    chart = new uPlot({ width: box.clientWidth, height, legend: { show: false }, cursor: { show: false }, scales: { y: { range: (_, __, most) => [0, Math.max(4, Math.ceil(most * 1.1))] } }, axes: [axis, { ...axis, size: 44 }], series: [{}, { stroke: colour('good'), width: 2, fill: `${colour('good')}22` }, { stroke: colour('bad'), width: 2 }] }, data, box);
  };
  draw();
  const resized = new ResizeObserver(() => chart?.setSize({ width: box.clientWidth, height }));
  resized.observe(box);
  const themed = new MutationObserver(draw);
  themed.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
  return () => {
    resized.disconnect();
    themed.disconnect();
    chart?.destroy();
  };
}
