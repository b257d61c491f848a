//! Words of a shell's command line.

use std::path::Path;

/// A path as one word of a shell's command line, quoted only where it has to be.
pub fn shell_word(path: &Path) -> String {
    let path = path.display().to_string();
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-".contains(letter);
    match !path.is_empty() && path.chars().all(is_plain) {
        true => path,
        false => format!("'{}'", path.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_to_be_is_quoted() {
        for (path, word) in [
            ("/var/net-1_2.x", "/var/net-1_2.x"),
            ("my net", "'my net'"),
            ("it's", r"'it'\''s'"),
            ("", "''"),
        ] {
            assert_eq!(shell_word(Path::new(path)), word);
        }
    }
}
