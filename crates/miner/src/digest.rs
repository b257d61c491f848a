//! Plain SHA-256: one message, its digest, and what a digest is worth as a proof.

use sha2::{Digest, Sha256};

/// The eight words of a SHA-256 computation in progress.
pub(crate) type State = [u32; 8];

/// The state before the first block (FIPS 180-4, section 5.3.3).
pub(crate) const INITIAL: State = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// The constant of each round (FIPS 180-4, section 4.2.2).
#[rustfmt::skip]
pub(crate) const ROUND: [u32; 64] = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
    0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
    0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
    0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
    0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
    0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
    0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
];

/// The SHA-256 of one message.
///
/// For many messages at once, [`sha256_many`](crate::sha256_many) is faster.
#[must_use]
pub fn sha256(message: &[u8]) -> [u8; 32] {
    Sha256::digest(message).into()
}

/// Whether a digest, written in hex, begins with at least `difficulty` digits `0`.
///
/// Every digest meets difficulty 0; none meets one above 64, for a digest has no more digits.
#[must_use]
pub fn meets_difficulty(digest: &[u8; 32], difficulty: u32) -> bool {
    let zeros = digest
        .iter()
        .position(|&byte| byte != 0)
        .map_or(64, |bytes| 2 * bytes + usize::from(digest[bytes] < 0x10));
    usize::try_from(difficulty).is_ok_and(|wanted| wanted <= zeros)
}

/// What follows a message in its last block or two: the bit 1, zeros, and the length in bits.
pub(crate) fn pad(message: &mut Vec<u8>, message_length: u64) {
    message.push(0x80);
    while message.len() % 64 != 56 {
        message.push(0);
    }
    message.extend_from_slice(&(message_length.wrapping_mul(8)).to_be_bytes());
}

/// A block's bytes as the sixteen words that SHA-256 sees.
pub(crate) fn words(block: &[u8; 64]) -> [u32; 16] {
    let (bytes, _) = block.as_chunks::<4>();
    std::array::from_fn(|index| u32::from_be_bytes(bytes[index]))
}

/// The whole message schedule of a block, the round constants already added.
pub(crate) fn keyed_schedule(words: &[u32; 16]) -> [u32; 64] {
    let mut schedule = [0; 64];
    schedule[..16].copy_from_slice(words);
    for index in 16..64 {
        schedule[index] = small_sigma_1(schedule[index - 2])
            .wrapping_add(schedule[index - 7])
            .wrapping_add(small_sigma_0(schedule[index - 15]))
            .wrapping_add(schedule[index - 16]);
    }
    std::array::from_fn(|index| schedule[index].wrapping_add(ROUND[index]))
}

/// What the schedule makes of the word fifteen places back.
pub(crate) const fn small_sigma_0(word: u32) -> u32 {
    word.rotate_right(7) ^ word.rotate_right(18) ^ (word >> 3)
}

/// What the schedule makes of the word two places back.
pub(crate) const fn small_sigma_1(word: u32) -> u32 {
    word.rotate_right(17) ^ word.rotate_right(19) ^ (word >> 10)
}

/// One round's two sums over a state, without the message word: what enters both `a` and `e`, and what enters `a` only.
pub(crate) const fn round_sums(state: &State) -> (u32, u32) {
    let [a, b, c, _, e, f, g, h] = *state;
    let both = h
        .wrapping_add(e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25))
        .wrapping_add((e & f) ^ (!e & g));
    let first = (a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22))
        .wrapping_add((a & b) ^ (a & c) ^ (b & c));
    (both, first)
}

/// The state after one more round with this message word, to which the round's constant has been added.
pub(crate) const fn round(state: &State, keyed_word: u32) -> State {
    let (both, first) = round_sums(state);
    let both = both.wrapping_add(keyed_word);
    let [a, b, c, d, e, f, g, _] = *state;
    [
        both.wrapping_add(first),
        a,
        b,
        c,
        d.wrapping_add(both),
        e,
        f,
        g,
    ]
}

/// A state as the digest it is at the end.
pub(crate) fn to_bytes(state: &State) -> [u8; 32] {
    let mut digest = [0; 32];
    let (places, _) = digest.as_chunks_mut::<4>();
    for (place, word) in places.iter_mut().zip(state) {
        *place = word.to_be_bytes();
    }
    digest
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::block_api::compress256;

    #[test]
    fn sha256_agrees_with_the_standards_example() {
        let digest = sha256(b"abc");
        assert_eq!(digest[..4], [0xba, 0x78, 0x16, 0xbf]);
        assert_eq!(digest[28..], [0xf2, 0x00, 0x15, 0xad]);
    }

    #[test]
    fn difficulty_counts_hex_digits() {
        let mut digest = [0xff; 32];
        assert!(meets_difficulty(&digest, 0));
        assert!(!meets_difficulty(&digest, 1));
        digest[0] = 0;
        digest[1] = 0x0f;
        assert!(meets_difficulty(&digest, 3));
        assert!(!meets_difficulty(&digest, 4));
        digest[1] = 0x10;
        assert!(!meets_difficulty(&digest, 3));
        assert!(meets_difficulty(&[0; 32], 64));
        assert!(!meets_difficulty(&[0; 32], 65));
        assert!(!meets_difficulty(&[0; 32], u32::MAX));
    }

    #[test]
    fn rounds_over_the_schedule_are_the_compression() {
        let block: [u8; 64] = std::array::from_fn(|index| index as u8);
        let mut expected = INITIAL;
        compress256(&mut expected, &[block]);
        let mut state = INITIAL;
        for word in keyed_schedule(&words(&block)) {
            state = round(&state, word);
        }
        let sum: State = std::array::from_fn(|index| state[index].wrapping_add(INITIAL[index]));
        assert_eq!(sum, expected);
    }

    #[test]
    fn padding_fills_whole_blocks() {
        for length in 0..200 {
            let mut message = vec![b'x'; length];
            pad(&mut message, length as u64);
            assert_eq!(message.len() % 64, 0);
            let mut state = INITIAL;
            compress256(&mut state, message.as_chunks::<64>().0);
            assert_eq!(to_bytes(&state), sha256(&vec![b'x'; length]));
        }
    }
}
