//! Colors, where a person looks at a terminal that has them.

/// Colors text, or leaves it as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Paint {
    colored: bool,
}

impl Paint {
    /// No colors.
    #[cfg(test)]
    pub(crate) const PLAIN: Paint = Paint { colored: false };

    /// Colors on a terminal, unless it has none or the user wants none (`NO_COLOR`).
    pub(crate) fn for_terminal(is_terminal: bool) -> Paint {
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let unable = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
        Paint {
            colored: is_terminal && !unwanted && !unable,
        }
    }

    /// The heading of a column, the name of a value.
    pub(crate) fn heading(self, text: &str) -> String {
        self.wrap("2", text)
    }

    /// What matters most.
    pub(crate) fn strong(self, text: &str) -> String {
        self.wrap("1", text)
    }

    /// An address to click on.
    pub(crate) fn link(self, text: &str) -> String {
        self.wrap("4;36", text)
    }

    fn wrap(self, code: &str, text: &str) -> String {
        if self.colored && !text.is_empty() {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_gets_no_colors() {
        assert_eq!(Paint::for_terminal(false), Paint::PLAIN);
        assert_eq!(Paint::PLAIN.strong("a"), "a");
        let colored = Paint { colored: true };
        assert_eq!(colored.strong("a"), "\u{1b}[1ma\u{1b}[0m");
        assert_eq!(colored.heading(""), "");
    }
}
