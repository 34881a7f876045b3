import { useState } from 'react';
import { downloadList } from '../../api/download.js';
import { sentenceOf } from '../../api/problem.js';
import { count } from '../../formatting/numbers.js';
import { Button } from '../../parts/button.js';
import { toast } from '../../parts/toasts.js';

export function DownloadRows() {
  const [busy, setBusy] = useState(false);
  const download = async () => {
    setBusy(true);
    await downloadList('/api/v1/audit', 'audit.ndjson', { limit: 200, next: 'cursor' }).then(
      (rows) => toast(`${count(rows, 'row')} in audit.ndjson.`),
      (error: unknown) => toast(sentenceOf(error), 'bad'),
    );
    setBusy(false);
  };
  return (
    <Button busy={busy} onClick={() => void download()}>
      Download (NDJSON)
    </Button>
  );
}
