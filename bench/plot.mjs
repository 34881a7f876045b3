/** Throughput as horizontal bars, as an SVG that reads on light and dark pages. */
export function plotThroughput(rows, inFlight) {
  const measured = rows.filter((row) => row.perSecond);
  const most = Math.max(...measured.map((row) => row.perSecond));
  const [left, width, height] = [220, 460, 34];
  const bars = measured.map((row, index) => {
    const [y, length] = [40 + index * height, Math.max(2, (row.perSecond / most) * width)];
    const colour = row.name.startsWith('Trivet') ? '#2563eb' : '#94a3b8';
    return [
      `<text x="${left - 10}" y="${y + 17}" text-anchor="end">${row.name}</text>`,
      `<rect x="${left}" y="${y}" width="${length.toFixed(1)}" height="24" rx="3" fill="${colour}"/>`,
      `<text x="${left + length + 8}" y="${y + 17}">${Math.round(row.perSecond)}</text>`,
    ].join('\n');
  });
  const total = 60 + measured.length * height;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 ${total}" font-family="system-ui, sans-serif" font-size="14" fill="#64748b">`,
    `<text x="${left}" y="22" font-weight="600">workflows of three steps a second, ${inFlight} in flight, all with fsync</text>`,
    ...bars,
    '</svg>',
    '',
  ].join('\n');
}

/** Throughput over the number of processes of each tier, with what would be possible, as an SVG that reads on light and dark pages. */
export function plotReplicas({ rows, answerMs }) {
  const [left, top, width, height] = [60, 40, 560, 260];
  const most = { count: Math.max(...rows.map((row) => row.count)), perSecond: Math.max(...rows.map((row) => row.possible)) };
  const at = (count, perSecond) => `${(left + (count / most.count) * width).toFixed(1)},${(top + height - (perSecond / most.perSecond) * height).toFixed(1)}`;
  const line = (points, colour, dash = '') => `<polyline points="${points.join(' ')}" fill="none" stroke="${colour}" stroke-width="2"${dash}/>`;
  const tiers = [['executor', 'executors', '#2563eb'], ['model', 'model services', '#d97706']];
  const curves = tiers.flatMap(([tier, label, colour], index) => {
    const own = rows.filter((row) => row.tier === tier);
    return [
      line([at(0, 0), ...own.map((row) => at(row.count, row.perSecond))], colour),
      ...own.map((row) => { const [x, y] = at(row.count, row.perSecond).split(','); return `<circle cx="${x}" cy="${y}" r="4" fill="${colour}"/>`; }),
      `<text x="${left + 20}" y="${top + 20 + index * 20}" fill="${colour}">${label}</text>`,
    ];
  });
  const ticks = [...new Set(rows.map((row) => row.count))].map((count) => `<text x="${at(count, 0).split(',')[0]}" y="${top + height + 20}" text-anchor="middle">${count}</text>`);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 660 350" font-family="system-ui, sans-serif" font-size="14" fill="#64748b">`,
    `<text x="${left}" y="22" font-weight="600">workflows a second, each waiting ${answerMs} ms for an answer, by processes of the tier</text>`,
    `<path d="M${left} ${top} V${top + height} H${left + width}" fill="none" stroke="#94a3b8"/>`,
    line([at(0, 0), at(most.count, most.perSecond)], '#94a3b8', ' stroke-dasharray="6 4"'),
    `<text x="${left + width}" y="${top + 14}" text-anchor="end">possible</text>`,
    `<text x="${left - 8}" y="${top + 10}" text-anchor="end">${Math.round(most.perSecond)}</text>`,
    ...curves, ...ticks,
    '</svg>', '',
  ].join('\n');
}
