//! Which lines of a log tell what went wrong.

/// The most lines that are told.
const LINES_MAX: usize = 6;
/// The longest line that is told, in letters.
const LINE_LETTERS_MAX: usize = 400;
/// Words by which Fabric's programs and Go itself mark what went wrong.
const MARKS: [&str; 9] = [
    "panic:",
    "PANI",
    "FATA",
    "ERRO",
    "CRIT",
    "[ERROR]",
    "Error:",
    "error:",
    "no space left on device",
];

/// The last few lines that say what went wrong; where none does, the last few lines.
pub(crate) fn telling(text: &str) -> Vec<String> {
    let text = without_colors(text);
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    let marked: Vec<&str> = lines()
        .filter(|line| MARKS.iter().any(|mark| line.contains(mark)))
        .collect();
    let chosen = match marked.is_empty() {
        true => lines().collect(),
        false => marked,
    };
    let skipped = chosen.len().saturating_sub(LINES_MAX);
    chosen[skipped..].iter().map(|line| cut(line)).collect()
}

/// The text without the sequences that change colors: ESC, `[`, numbers, a letter.
fn without_colors(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let parameters = |letter: char| letter.is_ascii_digit() || letter == ';';
        let rest = part.trim_start_matches(parameters);
        let mut letters = rest.chars();
        letters.next();
        plain.push_str(letters.as_str());
    }
    plain
}

fn cut(line: &str) -> String {
    match line.char_indices().nth(LINE_LETTERS_MAX) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_say_what_went_wrong_come_first() {
        let log = "INFO starting\nERRO [x] cannot bind\nINFO stopping\n\nINFO gone\n";
        assert_eq!(telling(log), ["ERRO [x] cannot bind"]);
        assert_eq!(telling("one\n\n two \n"), ["one", "two"]);
        assert!(telling("").is_empty());
    }

    #[test]
    fn colors_are_left_out() {
        assert_eq!(
            telling("\u{1b}[31;1mERRO\u{1b}[0m bad\u{1b}["),
            ["ERRO bad"]
        );
    }

    #[test]
    fn what_is_told_is_short() {
        let log: String = (0..100)
            .map(|n| format!("Error: {n} {}\n", "é".repeat(999)))
            .collect();
        let told = telling(&log);
        assert_eq!(told.len(), LINES_MAX);
        assert!(told[LINES_MAX - 1].starts_with("Error: 99 "));
        assert!(
            told.iter()
                .all(|line| line.chars().count() == LINE_LETTERS_MAX + 1)
        );
    }
}
