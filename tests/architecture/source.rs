//! Rust source as words and paths: enough to see what a file names, with no compiler.

/// What a file is made of, as far as names go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// A name or a keyword.
    Word(String),
    /// `::`
    Sep,
    /// Any other character.
    Other(char),
}

/// Words, `::` and single characters; comments, strings, characters and lifetimes are left out.
pub(crate) fn tokens_of(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let at = |i: usize| chars.get(i).copied().unwrap_or('\0');
    let mut tokens = Vec::new();
    let mut i = 0;
    while i < chars.len() {
        match at(i) {
            '/' if at(i + 1) == '/' => {
                while i < chars.len() && at(i) != '\n' {
                    i += 1;
                }
            }
            '/' if at(i + 1) == '*' => i = after_comment(&chars, i),
            '"' => i = after_string(&chars, i, '"'),
            '\'' if at(i + 1) == '\\' || at(i + 2) == '\'' => i = after_string(&chars, i, '\''),
            '\'' => {
                i += 1;
                while is_word(at(i)) {
                    i += 1;
                }
            }
            ':' if at(i + 1) == ':' => {
                tokens.push(Token::Sep);
                i += 2;
            }
            c if is_word(c) => {
                let start = i;
                while is_word(at(i)) {
                    i += 1;
                }
                let word: String = chars[start..i].iter().collect();
                let hashes = chars[i..].iter().take_while(|c| **c == '#').count();
                if matches!(word.as_str(), "r" | "br" | "cr") && at(i + hashes) == '"' {
                    i = after_raw_string(&chars, i + hashes, hashes);
                } else if word == "r" && hashes == 1 {
                    i += 1; // r#type: the word itself follows
                } else if !(matches!(word.as_str(), "b" | "c") && matches!(at(i), '"' | '\'')) {
                    tokens.push(Token::Word(word));
                }
            }
            c => {
                if !c.is_whitespace() {
                    tokens.push(Token::Other(c));
                }
                i += 1;
            }
        }
    }
    tokens
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn after_comment(chars: &[char], start: usize) -> usize {
    let mut depth = 0_usize;
    let mut i = start;
    while i < chars.len() {
        match (chars[i], chars.get(i + 1)) {
            ('/', Some('*')) => (depth, i) = (depth + 1, i + 2),
            ('*', Some('/')) => (depth, i) = (depth - 1, i + 2),
            _ => i += 1,
        }
        if depth == 0 {
            break;
        }
    }
    i
}

fn after_string(chars: &[char], start: usize, quote: char) -> usize {
    let mut i = start + 1;
    while i < chars.len() && chars[i] != quote {
        i += if chars[i] == '\\' { 2 } else { 1 };
    }
    i + 1
}

fn after_raw_string(chars: &[char], start: usize, hashes: usize) -> usize {
    let mut i = start + 1;
    while i < chars.len() {
        if chars[i] == '"' && chars[i + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes {
            return i + 1 + hashes;
        }
        i += 1;
    }
    i
}

/// Drops what stands under `#[cfg(test)]`: tests may look where they like.
pub(crate) fn without_tests(tokens: &[Token]) -> Vec<Token> {
    let mark = ["#", "[", "cfg", "(", "test", ")", "]"];
    let shown = |t: &Token| match t {
        Token::Word(w) => w.clone(),
        Token::Sep => String::from("::"),
        Token::Other(c) => c.to_string(),
    };
    let mut kept = Vec::new();
    let mut i = 0;
    while i < tokens.len() {
        if tokens[i..].iter().take(mark.len()).map(shown).eq(mark) {
            i += mark.len();
            let mut depth = 0_usize;
            while i < tokens.len() {
                match tokens[i] {
                    Token::Other('{' | '(' | '[') => depth += 1,
                    Token::Other('}' | ')' | ']') => depth = depth.saturating_sub(1),
                    _ => {}
                }
                let ends = matches!(tokens[i], Token::Other('}' | ';')) && depth == 0;
                i += 1;
                if ends {
                    break;
                }
            }
        } else {
            kept.push(tokens[i].clone());
            i += 1;
        }
    }
    kept
}

/// Every path of two parts or more, with the groups of `use` written out.
pub(crate) fn paths_in(tokens: &[Token]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut i = 0;
    while i < tokens.len() {
        i = match (&tokens[i], tokens.get(i + 1)) {
            (Token::Word(first), Some(Token::Sep)) => {
                read_tree(tokens, i + 2, std::slice::from_ref(first), &mut found)
            }
            _ => i + 1,
        };
    }
    found
}

/// Reads what follows `prefix ::`; answers where the reading may go on.
fn read_tree(tokens: &[Token], at: usize, prefix: &[String], found: &mut Vec<Vec<String>>) -> usize {
    match tokens.get(at) {
        Some(Token::Word(word)) => {
            let path = [prefix, std::slice::from_ref(word)].concat();
            if tokens.get(at + 1) == Some(&Token::Sep) {
                return read_tree(tokens, at + 2, &path, found);
            }
            found.push(path);
            at + 1
        }
        Some(Token::Other('{')) => {
            let mut i = at + 1;
            while i < tokens.len() && tokens[i] != Token::Other('}') {
                i = match &tokens[i] {
                    Token::Other(',') => i + 1,
                    Token::Word(word) if word == "as" => i + 2,
                    _ => read_tree(tokens, i, prefix, found),
                };
            }
            i + 1
        }
        Some(Token::Other('*')) => {
            found.push([prefix, &[String::from("*")]].concat());
            at + 1
        }
        _ => {
            found.push(prefix.to_vec());
            at
        }
    }
}
