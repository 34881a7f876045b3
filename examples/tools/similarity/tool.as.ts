import { fail, inputText, jsonString, outputText } from "trivet";

/** How far two texts are from each other: the fewest characters to insert, delete or exchange (Levenshtein 1966). */
export function run(): i32 {
  const input = inputText();
  const left = jsonString(input, "left");
  const right = jsonString(input, "right");
  if (left === null || right === null) return fail("The input must have two texts, left and right.");
  const a = characters(left!);
  const b = characters(right!);
  const distance = distanceOf(a, b);
  const longer = max(a.length, b.length);
  const similarity = longer == 0 ? 1.0 : 1.0 - <f64>distance / <f64>longer;
  outputText('{"distance":' + distance.toString() + ',"similarity":' + similarity.toString() + "}");
  return 0;
}

/** Characters of Unicode, so that one emoji is one. */
function characters(text: string): i32[] {
  const codes: i32[] = [];
  for (let i = 0; i < text.length; i++) {
    const code = text.codePointAt(i);
    if (code > 0xffff) i++;
    codes.push(code);
  }
  return codes;
}

/** Row by row of the table, of which only the last is kept. */
function distanceOf(a: i32[], b: i32[]): i32 {
  const row = new StaticArray<i32>(b.length + 1);
  for (let j = 0; j <= b.length; j++) row[j] = j;
  for (let i = 1; i <= a.length; i++) {
    let diagonal = row[0];
    row[0] = i;
    for (let j = 1; j <= b.length; j++) {
      const above = row[j];
      const exchanged = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = min(exchanged, min(above, row[j - 1]) + 1);
      diagonal = above;
    }
  }
  return row[b.length];
}
