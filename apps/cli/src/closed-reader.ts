/** A stream of this process that another one reads. */
interface ReadStream {
  on(event: 'error', listener: (error: NodeJS.ErrnoException) => void): unknown;
}

/**
 * `trivet … | head`: once the reader has closed its end there is nobody to tell, which is no failure. Servers that run are
 * ended by their guards. Any other error of a stream is thrown, as it would be without a listener.
 */
export function endWhenReaderCloses(streams: readonly ReadStream[], end: () => void): void {
  for (const stream of streams) {
    stream.on('error', (error) => {
      if (error.code !== 'EPIPE') throw error;
      end();
    });
  }
}
