import { useState } from 'react';
import { JsonBlock } from '../../parts/code-block.js';
import { Dialog } from '../../parts/dialog.js';
import { SelectField } from '../../parts/fields.js';
import { bodySchema, type AsyncApi, type Channel } from './asyncapi.js';

/** What the messages of a subject look like; of several, one at a time. */
export function SchemaDialog({ document, channel, onClose }: { document: AsyncApi; channel: Channel; onClose: () => void }) {
  const names = Object.keys(channel.messages ?? {});
  const [chosen, setChosen] = useState(names[0] ?? '');
  return (
    <Dialog title={channel.address} onClose={onClose} wide>
      <div className="grid min-w-0 grid-cols-1 gap-4">
        {names.length > 1 && <SelectField label="Message" value={chosen} onChange={setChosen} options={names.map((name) => ({ value: name, label: name }))} />}
        <JsonBlock label={`Schema of ${chosen}`} value={bodySchema(document, channel.messages?.[chosen])} />
      </div>
    </Dialog>
  );
}
