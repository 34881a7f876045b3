import { useId, useState } from 'react';

/** Files by dropping them or by choosing them. */
export function FileDrop({ onFiles }: { onFiles: (files: File[]) => void }) {
  const id = useId();
  const [over, setOver] = useState(false);
  return (
    <label
      htmlFor={id}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        onFiles([...event.dataTransfer.files]);
      }}
      className={`grid cursor-pointer gap-2 rounded-lg border-2 border-dashed p-6 text-center ${over ? 'border-accent bg-raised' : 'border-line'}`}
    >
      <span>Drop tool.json and tool.wasm here, with cases.json and a signature if you have them</span>
      <input id={id} type="file" multiple accept=".json,.wasm,.sig,.signature" aria-label="Files of the tool" onChange={(event) => onFiles([...(event.target.files ?? [])])} className="mx-auto" />
    </label>
  );
}
