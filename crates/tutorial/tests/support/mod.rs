//! What the tests of this crate share: Python as the oracle, and documents to ask it about.

pub(crate) mod documents;
pub(crate) mod oracle;
pub(crate) mod random;
