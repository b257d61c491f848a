//! Database files that are opened, written and closed without trust in the disk below them.
//!
//! redb trusts what it reads: a page that was damaged outside of it makes it panic, in the middle of a commit too, and a panic in a commit
//! can become a second one while the first unwinds, which ends the process. A closing database commits. So nothing that redb reads may be
//! damaged, and that is what [`Database`] sees to: each page stands in the file with its number and a checksum (`layout`), which are
//! compared whenever redb reads the page (`checked_file`). What does not fit is an I/O error of the kind that [`is_damage`] knows. redb takes it
//! as one: it neither reads nor writes the file any more, and closing it leaves it as it is. A file is never walked for that, so
//! opening costs the same with any size.
//!
//! What this does not see is what was right once: a page that the disk did not write although it said so, or a file that was put back, is an
//! older page with its right number and checksum.
//!
//! Nothing here knows what stands in a database.
#![forbid(unsafe_code)]

mod aside;
mod checked_file;
mod create;
mod damage;
mod database;
mod former;
mod layout;

pub use aside::{ASIDE_FILES_MAX, copy_aside, move_aside};
pub use create::create;
pub use damage::{caught, is_damage};
pub use database::{Database, OpenError};

#[cfg(test)]
mod tests;
