import { useState } from 'react';
import { getJson } from '../../api/http.js';
import { sentenceOf } from '../../api/problem.js';
import { count } from '../../formatting/numbers.js';
import { Button } from '../../parts/button.js';
import { toast } from '../../parts/toasts.js';

/** Has the server compute every hash anew, and says where the chain breaks. */
export function ChainCheck() {
  const [busy, setBusy] = useState(false);
  const check = async () => {
    setBusy(true);
    try {
      const { rows, brokenAt } = await getJson<{ rows: number; brokenAt: number | null }>('/api/v1/audit/verify');
      if (brokenAt === null) toast(`The chain holds: ${count(rows, 'row')} checked.`);
      else toast(`The chain breaks at row ${brokenAt}: it was altered, or the one before it is gone.`, 'bad');
    } catch (error) {
      toast(sentenceOf(error), 'bad');
    }
    setBusy(false);
  };
  return (
    <Button busy={busy} onClick={() => void check()}>
      Verify the chain
    </Button>
  );
}
