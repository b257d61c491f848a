//! A path as a double-quoted scalar of YAML.

use std::fmt::{self, Write};
use std::path::{Path, PathBuf};

/// A path as a double-quoted scalar of YAML. It has to be UTF-8, as a network's directory is.
pub(super) struct Quoted(String);

impl From<&Path> for Quoted {
    fn from(path: &Path) -> Self {
        Self(path.to_string_lossy().into_owned())
    }
}

impl From<PathBuf> for Quoted {
    fn from(path: PathBuf) -> Self {
        Self::from(path.as_path())
    }
}

impl fmt::Display for Quoted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_char('"')?;
        for character in self.0.chars() {
            match character {
                '"' | '\\' => write!(formatter, "\\{character}")?,
                // YAML takes these for the end of a line, or does not take them as they are.
                '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => {
                    write!(formatter, "\\u{:04x}", u32::from(character))?;
                }
                control if control.is_control() => {
                    write!(formatter, "\\u{:04x}", u32::from(control))?;
                }
                plain => formatter.write_char(plain)?,
            }
        }
        formatter.write_char('"')
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_reader_of_yaml_gets_the_path_back() {
        let odd = "/a b/it's \"x\" \\n: #1, {y} [z] & *c % @ é 𝄞\t\n\r\u{7f}\u{85}\u{2028}\u{feff}\u{ffff}";
        let document = format!("key: {}\n", Quoted::from(Path::new(odd)));
        assert_eq!(document.lines().count(), 1);
        let read: std::collections::BTreeMap<String, String> =
            serde_saphyr::from_str(&document).unwrap();
        assert_eq!(read["key"], odd);
    }
}
