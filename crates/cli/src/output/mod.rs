//! What the commands print: tables for people, the server's own JSON for programs.

mod color;
mod details;
mod table;
mod text;

use std::io::{self, IsTerminal, Write};

use serde_json::Value;

use crate::error::Error;

pub(crate) use color::Paint;
pub(crate) use details::Details;
pub(crate) use table::Table;
pub(crate) use text::{account, amount, count, duration, printable, rate, shortened, time, value};

/// Says on standard error what went wrong beside a command that succeeded.
pub(crate) fn warn(sentence: &str) {
    // Nobody is left to be told when standard error is closed.
    let _ = writeln!(io::stderr(), "chainloom: {sentence}");
}

/// Standard output. A reader that has gone away (`| head`) is an error that ends the program
/// quietly, see [`Error::is_closed_pipe`].
#[derive(Debug)]
pub(crate) struct Output {
    stdout: io::Stdout,
    paint: Paint,
}

impl Output {
    /// In color only where a person looks at it.
    pub(crate) fn new() -> Output {
        let stdout = io::stdout();
        let paint = Paint::for_terminal(stdout.is_terminal());
        Output { stdout, paint }
    }

    /// How texts are painted that are not made here.
    pub(crate) fn paint(&self) -> Paint {
        self.paint
    }

    /// One line.
    pub(crate) fn line(&mut self, text: &str) -> Result<(), Error> {
        self.write(text.as_bytes())?;
        self.write(b"\n")
    }

    /// What a call returned.
    pub(crate) fn result(&mut self, result: &Value) -> Result<(), Error> {
        let text = text::result(result, self.stdout.is_terminal());
        self.line(&text)
    }

    /// A table of rows.
    pub(crate) fn table(&mut self, table: &Table) -> Result<(), Error> {
        let text = table.render(self.paint);
        self.write(text.as_bytes())
    }

    /// Names with their values, one a line.
    pub(crate) fn details(&mut self, details: &Details) -> Result<(), Error> {
        let text = details.render(self.paint);
        self.write(text.as_bytes())
    }

    /// Bytes as they are.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.stdout.write_all(bytes).map_err(Error::Output)
    }

    /// Lets the reader have what was written so far.
    pub(crate) fn flush(&mut self) -> Result<(), Error> {
        self.stdout.flush().map_err(Error::Output)
    }
}
