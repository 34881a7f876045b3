import type { Connection } from './connection.js';

/** What is added to a curl line where a key is needed; it is read from the environment, so that no key stands in a page or a history. */
export const curlKey = ({ needsKey }: Connection): string => (needsKey ? ' -H "authorization: Bearer $TRIVET_API_KEY"' : '');

/** The headers of a request as Python writes them. */
export function pythonHeaders({ needsKey }: Connection, json: boolean): string {
  const headers = [...(json ? ["'content-type': 'application/json'"] : []), ...(needsKey ? ["'authorization': 'Bearer ' + os.environ['TRIVET_API_KEY']"] : [])];
  return `{${headers.join(', ')}}`;
}
