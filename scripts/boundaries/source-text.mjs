/**
 * Two readings of a source file of the same length and lines: without comments (for imports), and without comments and
 * the contents of strings (for words that must not occur in code). A scanner, not a parser: enough for both.
 */
export function readings(text) {
  const withoutComments = [...text];
  const codeOnly = [...text];
  const blank = (target, from, to) => {
    for (let index = from; index < to; index += 1) if (text[index] !== '\n') target[index] = ' ';
  };
  let index = 0;
  const templateDepths = [];
  let depth = 0;
  while (index < text.length) {
    const char = text[index];
    const next = text[index + 1];
    let end;
    if (char === '/' && next === '/') {
      end = indexOrEnd(text, '\n', index);
      blank(withoutComments, index, end);
      blank(codeOnly, index, end);
    } else if (char === '/' && next === '*') {
      end = indexOrEnd(text, '*/', index + 2) + 2;
      blank(withoutComments, index, end);
      blank(codeOnly, index, end);
    } else if (char === "'" || char === '"') {
      end = endOfString(text, index, char);
      blank(codeOnly, index + 1, end - 1);
    } else if (char === '`' || (char === '}' && templateDepths.at(-1) === depth)) {
      if (char === '}') templateDepths.pop();
      end = endOfTemplatePart(text, index + 1);
      blank(codeOnly, index + 1, end - 1);
      if (text[end - 1] === '{') {
        templateDepths.push(depth);
      }
    } else if (char === '/' && startsRegularExpression(text, index)) {
      end = endOfRegularExpression(text, index);
      blank(codeOnly, index + 1, end - 1);
    } else {
      if (char === '{') depth += 1;
      if (char === '}') depth -= 1;
      end = index + 1;
    }
    index = Math.max(end, index + 1);
  }
  return { withoutComments: withoutComments.join(''), codeOnly: codeOnly.join('') };
}

function indexOrEnd(text, wanted, from) {
  const found = text.indexOf(wanted, from);
  return found === -1 ? text.length : found;
}

function endOfString(text, start, quote) {
  let index = start + 1;
  while (index < text.length && text[index] !== quote && text[index] !== '\n') index += text[index] === '\\' ? 2 : 1;
  return index + 1;
}

/** Up to the closing backtick or the `{` of the next placeholder, included. */
function endOfTemplatePart(text, start) {
  let index = start;
  while (index < text.length) {
    if (text[index] === '\\') index += 2;
    else if (text[index] === '`') return index + 1;
    else if (text[index] === '$' && text[index + 1] === '{') return index + 2;
    else index += 1;
  }
  return text.length;
}

/** A slash begins a regular expression where a value may begin. */
function startsRegularExpression(text, index) {
  const before = text.slice(Math.max(0, index - 40), index).trimEnd();
  return before === '' || /[=([{,;:!&|?+\-*%<>~^]$/.test(before) || /\b(return|typeof|case|in|of|new|delete|void)$/.test(before);
}

function endOfRegularExpression(text, start) {
  let inClass = false;
  for (let index = start + 1; index < text.length; index += 1) {
    const char = text[index];
    if (char === '\n') return index;
    if (char === '\\') index += 1;
    else if (char === '[') inClass = true;
    else if (char === ']') inClass = false;
    else if (char === '/' && !inClass) return index + 1;
  }
  return text.length;
}

const IMPORTS = /\b(?:from|import|require|import\.meta\.resolve)\s*\(?\s*(['"])([^'"\n]+)\1/g;

/** Every module that the source names, with its line. */
export function importsOf(withoutComments, codeOnly) {
  const found = [];
  for (const match of withoutComments.matchAll(IMPORTS)) {
    // Inside a string there is no import: the keyword itself must be code.
    if (codeOnly[match.index] === ' ') continue;
    found.push({ specifier: match[2], line: lineAt(withoutComments, match.index) });
  }
  return found;
}

export function lineAt(text, index) {
  return text.slice(0, index).split('\n').length;
}
