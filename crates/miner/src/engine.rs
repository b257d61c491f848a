//! The instructions to hash with, and which of them this processor has.

use crate::many::{Stream, hash_in_group, hash_one_by_one};
use crate::portable;
use crate::window::Window;
use std::fmt;
use std::ops::Range;

#[cfg(target_arch = "aarch64")]
use crate::arm::ArmSha2;
#[cfg(target_arch = "x86_64")]
use crate::{avx2::Avx2, avx512::Avx512, sha_ni::ShaNi};

/// The instructions that a search is made with. All of them find the same answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Engine {
    /// Instructions that every processor has.
    Portable,
    /// Eight lanes with AVX2 (x86-64).
    Avx2,
    /// The SHA extensions of x86-64, several messages side by side.
    ShaNi,
    /// Sixteen lanes with AVX-512 (x86-64).
    Avx512,
    /// The SHA-256 instructions of 64-bit ARM, several messages side by side.
    Arm,
}

impl Engine {
    /// All engines there are, the slowest first.
    pub const ALL: [Self; 5] = [
        Self::Portable,
        Self::Avx2,
        Self::Arm,
        Self::ShaNi,
        Self::Avx512,
    ];

    /// The fastest engine that this processor has. The answer is remembered; asking again costs next to nothing.
    #[must_use]
    pub fn detect() -> Self {
        Self::ALL
            .into_iter()
            .rev()
            .find(|engine| engine.is_available())
            .unwrap_or(Self::Portable)
    }

    /// The engines that this processor has, the slowest first.
    #[must_use]
    pub fn available() -> Vec<Self> {
        Self::ALL
            .into_iter()
            .filter(|engine| engine.is_available())
            .collect()
    }

    /// Whether this processor has the instructions.
    #[must_use]
    pub fn is_available(self) -> bool {
        match self {
            Self::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => Avx2::detect().is_some(),
            #[cfg(target_arch = "x86_64")]
            Self::ShaNi => ShaNi::detect().is_some(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => Avx512::detect().is_some(),
            #[cfg(target_arch = "aarch64")]
            Self::Arm => ArmSha2::detect().is_some(),
            _ => false,
        }
    }

    /// A short name for tables and logs, such as `avx512`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            Self::Avx2 => "avx2",
            Self::ShaNi => "sha-ni",
            Self::Avx512 => "avx512",
            Self::Arm => "arm-sha2",
        }
    }

    /// The smallest of these offsets into a window whose digest may meet the window's mask.
    ///
    /// An engine that this processor lacks does it portably.
    pub(crate) fn scan(self, window: &Window<'_>, offsets: Range<u32>) -> Option<u32> {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => {
                if let Some(token) = Avx2::detect() {
                    return crate::avx2::scan(token, window, offsets);
                }
            }
            #[cfg(target_arch = "x86_64")]
            Self::ShaNi => {
                if let Some(token) = ShaNi::detect() {
                    return crate::sha_ni::scan(token, window, offsets);
                }
            }
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => {
                if let Some(token) = Avx512::detect() {
                    return crate::avx512::scan(token, window, offsets);
                }
            }
            #[cfg(target_arch = "aarch64")]
            Self::Arm => {
                if let Some(token) = ArmSha2::detect() {
                    return crate::arm::scan(token, window, offsets);
                }
            }
            _ => {}
        }
        portable::scan(window, offsets)
    }

    /// Hashes messages in the widest group that this engine has, what is left in narrower ones, the last few singly.
    pub(crate) fn hash_streams<'a>(
        self,
        waiting: impl Iterator<Item = Stream<'a>>,
        digests: &mut [[u8; 32]],
    ) {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => {
                if let Some(token) = Avx2::detect() {
                    let left = hash_in_group(&mut token.group(), waiting, digests);
                    return hash_one_by_one(left.into_iter(), digests);
                }
            }
            #[cfg(target_arch = "x86_64")]
            Self::ShaNi => {
                if let Some(token) = ShaNi::detect() {
                    let left = hash_in_group(&mut token.group(), waiting, digests);
                    return hash_one_by_one(left.into_iter(), digests);
                }
            }
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => {
                if let Some(token) = Avx512::detect() {
                    let left = hash_in_group(&mut token.group(), waiting, digests);
                    return Self::ShaNi.hash_streams(left.into_iter(), digests);
                }
            }
            #[cfg(target_arch = "aarch64")]
            Self::Arm => {
                if let Some(token) = ArmSha2::detect() {
                    let left = hash_in_group(&mut token.group(), waiting, digests);
                    return hash_one_by_one(left.into_iter(), digests);
                }
            }
            _ => {}
        }
        hash_one_by_one(waiting, digests);
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_detected_engine_is_the_last_available_one() {
        let available = Engine::available();
        assert_eq!(available.first(), Some(&Engine::Portable));
        assert_eq!(available.last(), Some(&Engine::detect()));
        assert!(available.iter().all(|engine| engine.is_available()));
    }

    #[test]
    fn no_processor_has_the_engines_of_two_architectures() {
        assert!(!(Engine::Arm.is_available() && Engine::Avx2.is_available()));
    }

    #[test]
    fn names_differ() {
        let mut names: Vec<_> = Engine::ALL.iter().map(ToString::to_string).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), Engine::ALL.len());
    }
}
