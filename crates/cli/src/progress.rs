//! Progress of long work on standard error: shown on a terminal, nothing in a pipe.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How often a spinner turns.
const TICK: Duration = Duration::from_millis(120);

/// Work that is shown while this lives.
#[derive(Debug)]
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// Work of unknown length.
    pub(crate) fn spinner(doing: &'static str) -> Progress {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr())
            .with_style(style("{spinner} {msg} {elapsed}"))
            .with_message(doing);
        if !bar.is_hidden() {
            bar.enable_steady_tick(TICK);
        }
        Progress(bar)
    }

    /// Work on so many bytes, where their number is known.
    pub(crate) fn bytes(doing: &'static str, total: Option<u64>) -> Progress {
        let template = match total {
            Some(_) => "{msg} [{bar:30}] {binary_bytes} of {binary_total_bytes}, {eta} left",
            None => "{spinner} {msg} {binary_bytes}",
        };
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
        Progress(bar.with_style(style(template)).with_message(doing))
    }

    /// Work on so many blocks.
    pub(crate) fn blocks(doing: String, total: u64) -> Progress {
        let template = "{msg} [{bar:30}] {human_pos} of {human_len} blocks, {per_sec}, {eta} left";
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
        Progress(bar.with_style(style(template)).with_message(doing))
    }

    /// So many in all are done.
    pub(crate) fn set(&self, done: u64) {
        self.0.set_position(done);
    }

    /// Whether nobody sees it.
    pub(crate) fn is_hidden(&self) -> bool {
        self.0.is_hidden()
    }

    /// Says something else of the work.
    pub(crate) fn say(&self, doing: String) {
        self.0.set_message(doing);
    }

    /// So many bytes more are done.
    pub(crate) fn add(&self, bytes: usize) {
        self.0.inc(bytes as u64);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the templates above are well-formed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_are_well_formed() {
        Progress::spinner("working").add(1);
        Progress::bytes("reading", Some(5)).add(5);
        Progress::bytes("reading", None).add(5);
        Progress::blocks("indexing".to_owned(), 5).set(5);
    }
}
