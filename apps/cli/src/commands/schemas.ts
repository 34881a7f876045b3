import { SUBJECTS } from '@trivet/contracts';
import { z } from 'zod';
import { EXIT, UsageError } from '../exit-codes.js';
import type { Registry } from '../program.js';

/** schemas: the JSON Schema of every body, from the contracts of this build; needs no server. */
export function registerSchemas({ program, action }: Registry): void {
  program.command('schemas').argument('[name]', 'a noun such as TaskSubmit').description('list the bodies, or print the JSON Schema of one')
    .action(action(async ({ print }, [name]) => {
      // Importing the contracts has put every schema that has an id into zod's registry.
      const { schemas } = z.toJSONSchema(z.globalRegistry, { io: 'input', uri: (id) => id });
      const names = Object.keys(schemas).sort();
      if (name === undefined) {
        print.list(names.map((id) => ({ name: id, subjects: subjectsOf(id) })), [
          { title: 'name', value: (row) => row.name },
          { title: 'subject', value: (row) => row.subjects || null },
        ]);
        return EXIT.ok;
      }
      const schema = schemas[name];
      if (!schema) throw new UsageError(`no schema is called '${name}'; there are ${names.join(', ')}`);
      print.one(schema, JSON.stringify(schema, null, 2));
      return EXIT.ok;
    }));
}

function subjectsOf(id: string): string {
  return Object.values(SUBJECTS).filter((entry) => entry.schema?.meta()?.id === id).map((entry) => entry.subject).join(', ');
}
