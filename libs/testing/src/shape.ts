import { SHAPES, type Shape } from '@trivet/cli';

/** The shape whole-system tests run the stack in: TRIVET_TEST_SHAPE, else `split`. */
export function testShape(): Shape {
  const given = process.env['TRIVET_TEST_SHAPE'] || 'split';
  const shape = SHAPES.find((each) => each === given);
  if (shape) return shape;
  throw new RangeError(`TRIVET_TEST_SHAPE is '${given}', and must be one of ${SHAPES.join(', ')}.`);
}

/**
 * `it` for what needs a process for each tier; on `one` it skips, and the reason stands in the report.
 *
 * @param why what it does that cannot be done to one process, as the end of 'not on one: …'
 */
export function itPerTier(why: string): jest.It {
  if (testShape() !== 'one') return it;
  it.skip(`not on one: ${why}`, () => undefined);
  return it.skip;
}
