import { SHAPES, type Shape } from '@trivet/cli';

/** The shape whole-system tests run the stack in: TRIVET_TEST_SHAPE, else `split`. */
export function testShape(): Shape {
  const given = process.env['TRIVET_TEST_SHAPE'] || 'split';
  const shape = SHAPES.find((each) => each === given);
  if (shape) return shape;
  throw new RangeError(`TRIVET_TEST_SHAPE is '${given}', and must be one of ${SHAPES.join(', ')}.`);
}

/** A test by its name, as `it` takes one. */
type DefineTest = (name: string, test: () => Promise<unknown>, timeoutMs?: number) => void;

/**
 * `it` for what needs a process for each tier; on `one` it skips, and the reason stands in the report behind its name.
 *
 * @param why what it does that cannot be done to one process, as the end of 'not on one: …'
 */
export function itPerTier(why: string): DefineTest {
  if (testShape() !== 'one') return it;
  return (name) => it.skip(`${name} (not on one: ${why})`, () => Promise.resolve());
}
