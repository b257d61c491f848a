/// How much one document may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many arrays and objects may be open at once; at most [`Limits::DEPTH_MAX`] takes effect.
    pub depth: usize,
    /// How long the document may be, in bytes.
    pub bytes: usize,
    /// How many values it may hold, each array, object and scalar counted: a tree takes 32 to 48 bytes for each,
    /// and `[0,0,0]` two bytes of text.
    pub values: usize,
}

impl Limits {
    /// The deepest nesting that is ever read, whatever [`Limits::depth`] says. Python's own bound is about the same.
    pub const DEPTH_MAX: usize = 1000;
    /// The most bytes of one document by default: 64 MiB.
    pub const BYTES: usize = 64 << 20;
    /// The most values of one document by default: about four million.
    pub const VALUES: usize = 4 << 20;

    /// For a text that was measured when it was taken in: only its nesting is bounded, and that by the parser's stack.
    /// Whoever lowers a limit later can still read what is stored.
    pub(crate) const MEASURED: Limits = Limits {
        depth: Self::DEPTH_MAX,
        bytes: usize::MAX,
        values: usize::MAX,
    };

    /// The nesting that is read.
    pub(crate) fn effective_depth(&self) -> usize {
        self.depth.min(Self::DEPTH_MAX)
    }

    /// These limits for what stands inside `levels` open arrays and objects.
    #[must_use]
    pub fn nested(mut self, levels: usize) -> Self {
        self.depth = self.effective_depth().saturating_sub(levels);
        self
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth: Self::DEPTH_MAX,
            bytes: Self::BYTES,
            values: Self::VALUES,
        }
    }
}
