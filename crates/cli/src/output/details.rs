//! Names with their values, one a line.

use unicode_width::UnicodeWidthStr;

use super::{Paint, printable};

/// What there is to say of one thing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Details {
    lines: Vec<(String, String)>,
}

impl Details {
    /// Adds a value; what is absent is left out.
    pub(crate) fn add(&mut self, name: &str, value: impl Into<Option<String>>) -> &mut Details {
        if let Some(value) = value.into() {
            self.lines.push((printable(name), printable(&value)));
        }
        self
    }

    /// The lines.
    pub(crate) fn render(&self, paint: Paint) -> String {
        let widest = self.lines.iter().map(|(name, _)| name.width()).max();
        let mut out = String::new();
        for (name, value) in &self.lines {
            let padding = " ".repeat(widest.unwrap_or(0) - name.width());
            out.push_str(&format!("{}{padding}  {value}\n", paint.heading(name)));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_below_each_other_and_absent_ones_are_left_out() {
        let mut details = Details::default();
        details
            .add("height", "5".to_owned())
            .add("time", None)
            .add("pending", "a\nb".to_owned());
        assert_eq!(
            details.render(Paint::PLAIN),
            "height   5\npending  a\\u{a}b\n"
        );
    }
}
