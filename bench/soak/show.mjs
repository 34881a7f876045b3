import { round } from '../measure.mjs';

/** A line for each thing that was watched: how fast it grew, and from which rate on that is a leak. */
export function showSoak({ minutes, workflows, rows }) {
  const lines = rows.map(({ name, verdict }) => {
    if (!verdict) return `young  ${name.padEnd(26)} the run is too short to judge it`;
    const { mean, perHour, barPerHour, noise, grows } = verdict;
    const rate = `${perHour > 0 ? '+' : ''}${round(perHour)}`;
    return `${grows ? 'GROWS' : 'flat '}  ${name.padEnd(26)} mean ${String(round(mean)).padStart(9)}   ${rate.padStart(9)} an hour   a leak from ${round(barPerHour)} on (noise ${round(noise)})`;
  });
  return [`${minutes} minutes, ${workflows} workflows; judged after the warm-up`, ...lines].join('\n');
}

const [LEFT, WIDTH, HEIGHT, GAP] = [210, 520, 40, 14];
const [FLAT, GROWS] = ['#2563eb', '#dc2626'];

/** Each thing that was watched over time, the warm-up in grey, as an SVG that reads on light and dark pages. */
export function plotSoak({ minutes, rows, samples }) {
  const total = rows.length * (HEIGHT + GAP) + 50;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${LEFT + WIDTH + 190} ${total}" font-family="system-ui, sans-serif" font-size="12" fill="#64748b">`,
    `<text x="10" y="20" font-weight="600">a steady load over ${minutes} minutes</text>`,
    ...rows.map((row, index) => plotRow(row, samples, 36 + index * (HEIGHT + GAP))),
    '</svg>',
    '',
  ].join('\n');
}

function plotRow({ name, verdict }, samples, top) {
  const { perHour, barPerHour, fromMs, grows } = verdict ?? { fromMs: Infinity };
  const values = samples.map((sample) => sample[name]);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const end = samples.at(-1).atMs;
  const point = ({ atMs, [name]: value }) => `${(LEFT + (atMs / end) * WIDTH).toFixed(1)},${(top + HEIGHT - (most > least ? (value - least) / (most - least) : 0.5) * HEIGHT).toFixed(1)}`;
  const line = (some, colour) => `<polyline points="${some.map(point).join(' ')}" fill="none" stroke="${colour}" stroke-width="1.5"/>`;
  return [
    `<text x="${LEFT - 10}" y="${top + 16}" text-anchor="end" font-weight="600">${name}</text>`,
    `<text x="${LEFT - 10}" y="${top + 32}" text-anchor="end">${round(least)} to ${round(most)}</text>`,
    line(samples.filter(({ atMs }) => atMs <= fromMs), '#94a3b8'),
    line(samples.filter(({ atMs }) => atMs >= fromMs), grows ? GROWS : FLAT),
    ...(verdict ? [
      `<text x="${LEFT + WIDTH + 10}" y="${top + 16}" fill="${grows ? GROWS : FLAT}">${round(perHour)} an hour</text>`,
      `<text x="${LEFT + WIDTH + 10}" y="${top + 32}">a leak from ${round(barPerHour)} on</text>`,
    ] : []),
  ].join('\n');
}
