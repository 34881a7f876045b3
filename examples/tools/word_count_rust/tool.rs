//! Counts the words of a text: {"text": "..."} gives {"words": n, "longest": "..."}.
//! A word is what stands between white space; the longest is the first of those with the most characters.

mod extism;
use std::str::Chars;

const MISTAKE: &str = r#"The input must be JSON of the form {"text": "..."}."#;
const JSON_SPACE: [char; 4] = [' ', '\t', '\n', '\r'];

#[no_mangle]
pub extern "C" fn run() -> i32 {
    extism::finish(word_count(extism::input()))
}

fn word_count(input: Vec<u8>) -> Result<String, &'static str> {
    let input = String::from_utf8(input).map_err(|_| "The input must be UTF-8.")?;
    let input = input.trim_end_matches(JSON_SPACE);
    let text = take_input(&mut input.chars()).ok_or(MISTAKE)?;
    let words = text.split_whitespace();
    let count = words.clone().count();
    // Seen from behind, the last of the longest is the first.
    let longest = words.rev().max_by_key(|word| word.chars().count()).unwrap_or("");
    Ok(format!(r#"{{"words":{},"longest":{}}}"#, count, json_string(longest)))
}

fn json_string(text: &str) -> String {
    let mut json = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => json.extend(['\\', c]),
            '\0'..='\x1f' => json.push_str(&format!("\\u{:04x}", c as u32)),
            _ => json.push(c),
        }
    }
    json + "\""
}

// Each of these takes what it is named for from the front of the input, or returns None.

fn take_input(input: &mut Chars) -> Option<String> {
    take_token(input, '{')?;
    (take_string(input)? == "text").then(|| ())?;
    take_token(input, ':')?;
    let text = take_string(input)?;
    take_token(input, '}')?;
    input.next().is_none().then(|| text)
}

fn take_token(input: &mut Chars, wanted: char) -> Option<()> {
    *input = input.as_str().trim_start_matches(JSON_SPACE).chars();
    (input.next()? == wanted).then(|| ())
}

fn take_string(input: &mut Chars) -> Option<String> {
    take_token(input, '"')?;
    let mut text = String::new();
    loop {
        match input.next()? {
            '"' => return Some(text),
            '\\' => text.push(take_escaped(input)?),
            '\0'..='\x1f' => return None,
            c => text.push(c),
        }
    }
}

fn take_escaped(input: &mut Chars) -> Option<char> {
    match input.next()? {
        c @ ('"' | '\\' | '/') => Some(c),
        'b' => Some('\x08'),
        'f' => Some('\x0c'),
        'n' => Some('\n'),
        'r' => Some('\r'),
        't' => Some('\t'),
        'u' => take_unicode(input),
        _ => None,
    }
}

/// A character beyond U+FFFF is written as a pair; half of one is no character.
fn take_unicode(input: &mut Chars) -> Option<char> {
    let first = take_hex4(input)?;
    let mut rest = input.clone();
    if let (0xd800..=0xdbff, Some('\\'), Some('u')) = (first, rest.next(), rest.next()) {
        if let Some(second @ 0xdc00..=0xdfff) = take_hex4(&mut rest) {
            *input = rest;
            return char::from_u32(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00));
        }
    }
    Some(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER))
}

fn take_hex4(input: &mut Chars) -> Option<u32> {
    (0..4).try_fold(0, |value, _| Some(value * 16 + input.next()?.to_digit(16)?))
}
