import { useQueryClient } from '@tanstack/react-query';
import type { Schedule } from '@trivet/contracts';
import { useState } from 'react';
import { send } from '../../api/http.js';
import { parseJson } from '../../api/parse-json.js';
import { sentenceOf } from '../../api/problem.js';
import { Button } from '../../parts/button.js';
import { Dialog } from '../../parts/dialog.js';
import { SelectField, TextArea, TextField } from '../../parts/fields.js';
import { Notice } from '../../parts/notice.js';
import { toast } from '../../parts/toasts.js';

const OVERLAPS = { skip: 'skip this time', queue: 'start behind it', cancel: 'cancel the run before', allow: 'run both' };
const CATCH_UPS = { none: 'leave them out', last: 'make up for the last', all: 'make up for all' };
const optionsOf = (names: Record<string, string>) => Object.entries(names).map(([value, label]) => ({ value, label }));
const FIRST_TASK = { goal: 'Analyse Nimbus Robotics', template: 'research', budget: { tokens: 20_000 } };

/** Makes a schedule, or replaces one. */
export function ScheduleDialog({ schedule, onClose }: { schedule: Schedule | undefined; onClose: () => void }) {
  const client = useQueryClient();
  const [form, setForm] = useState(() => formOf(schedule));
  const [problem, setProblem] = useState<string>();
  const field = (name: keyof typeof form) => ({ value: form[name], onChange: (value: string) => setForm((before) => ({ ...before, [name]: value })) });
  const save = async () => {
    try {
      const body = bodyOf(form);
      await send(schedule ? `/api/v1/schedules/${schedule.id}` : '/api/v1/schedules', { method: schedule ? 'PUT' : 'POST', body });
      toast(`Saved: ${form.id}`);
      onClose();
      await client.invalidateQueries({ queryKey: ['schedules'] });
    } catch (error) {
      setProblem(sentenceOf(error));
    }
  };
  return (
    <Dialog title={schedule ? `Edit ${schedule.id}` : 'New schedule'} onClose={onClose} wide>
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        {!schedule && <TextField label="Id" {...field('id')} required placeholder="every-morning" />}
        <div className="grid gap-4 sm:grid-cols-2">
          <TextField label="Cron, or a time (ISO 8601) for once" {...field('when')} required hint="minute hour day month weekday, with seconds in front if you like" />
          <TextField label="Time zone" {...field('timeZone')} hint="IANA name, such as Europe/Berlin" />
          <SelectField label="When the run before has not ended" {...field('overlap')} options={optionsOf(OVERLAPS)} />
          <SelectField label="Times missed while nobody could start them" {...field('catchUp')} options={optionsOf(CATCH_UPS)} />
        </div>
        <TextArea label="Task (JSON)" {...field('task')} code rows={8} />
        {problem && <Notice tone="bad">{problem}</Notice>}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Leave it</Button>
          <Button type="submit" tone="main">
            Save
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function formOf(schedule: Schedule | undefined) {
  return {
    id: schedule?.id ?? '',
    when: schedule?.cron ?? schedule?.at ?? '',
    timeZone: schedule?.timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
    overlap: schedule?.overlap ?? 'skip',
    catchUp: schedule?.catchUp.policy ?? 'last',
    task: JSON.stringify(schedule?.task ?? FIRST_TASK, null, 2),
  };
}

function bodyOf(form: ReturnType<typeof formOf>): Record<string, unknown> {
  const once = /^\d{4}-/.test(form.when.trim());
  return { id: form.id, [once ? 'at' : 'cron']: form.when.trim(), timeZone: form.timeZone, overlap: form.overlap, catchUp: { policy: form.catchUp }, task: parseJson(form.task, 'The task') };
}
