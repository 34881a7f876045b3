import picocolors from 'picocolors';

export type Colors = ReturnType<typeof picocolors.createColors>;

/** Colours for a terminal that shows them; plain text for a file, a pipe, CI and NO_COLOR. */
export function colorsFor(stream: { isTTY?: boolean }, environment: Readonly<Record<string, string | undefined>>): Colors {
  return picocolors.createColors(stream.isTTY === true && !environment['NO_COLOR'] && !environment['CI']);
}
