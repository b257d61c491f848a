use super::integer::INTEGER_DIGITS_MAX;

/// Why a document was refused, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem} (at byte {offset})")]
pub struct JsonError {
    /// Where, in bytes from the start of the document.
    pub offset: usize,
    /// What was wrong there.
    pub problem: JsonProblem,
}

impl JsonError {
    /// The same error in a document that has this many bytes before this one's first.
    pub(crate) fn shifted(mut self, bytes: usize) -> Self {
        self.offset += bytes;
        self
    }
}

/// What was wrong with a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonProblem {
    /// Neither a string, number, array, object nor one of the words.
    #[error("a JSON value is expected")]
    ValueExpected,
    /// A member of an object begins with something else.
    #[error("an object's key in double quotes is expected")]
    KeyExpected,
    /// A key is followed by something else.
    #[error("a colon is expected after the key")]
    ColonExpected,
    /// A member or an element is followed by something else.
    #[error("a comma or the closing bracket is expected")]
    CommaExpected,
    /// The document goes on after its value.
    #[error("nothing more is expected after the value")]
    TrailingData,
    /// The document ends within a value.
    #[error("the document ends too early")]
    UnexpectedEnd,
    /// A string holds an unescaped character below U+0020.
    #[error("control character U+{0:04X} in a string must be escaped")]
    ControlCharacter(u8),
    /// A backslash is followed by something else than JSON knows.
    #[error("a backslash may be followed by one of \"\\/bfnrtu only")]
    UnknownEscape,
    /// `\u` is not followed by four hex digits.
    #[error("\\u must be followed by four hex digits")]
    BadUnicodeEscape,
    /// The bytes are not UTF-8.
    #[error("the bytes are not UTF-8; send the document in UTF-8")]
    InvalidUtf8,
    /// Two surrogates that form a pair, but are written so that Python does not join them.
    #[error(
        "two halves of a surrogate pair stand side by side as separate characters; write the character itself"
    )]
    SplitSurrogatePair,
    /// An integer that Python would not read.
    #[error("an integer of {digits} digits; Python reads at most {INTEGER_DIGITS_MAX}")]
    IntegerTooLong {
        /// How many digits it has.
        digits: usize,
    },
    /// Too many arrays and objects within each other.
    #[error("more than {limit} arrays and objects within each other")]
    TooDeep {
        /// How many are read.
        limit: usize,
    },
    /// Too many values.
    #[error("more than {limit} values")]
    TooManyValues {
        /// How many are read.
        limit: usize,
    },
    /// Too many bytes.
    #[error("more than {limit} bytes")]
    TooLong {
        /// How many are read.
        limit: usize,
    },
}

impl JsonProblem {
    /// This problem at a place.
    pub(crate) fn at(self, offset: usize) -> JsonError {
        JsonError {
            offset,
            problem: self,
        }
    }
}
