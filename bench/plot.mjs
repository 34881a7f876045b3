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
