//! Random JSON documents: every spelling that JSON allows, and what is nearly JSON.

use super::random::Random;

const WORDS: [&str; 6] = ["null", "true", "false", "NaN", "Infinity", "-Infinity"];

const KEYS: [&str; 8] = [
    "index",
    "timestamp",
    "transactions",
    "proof",
    "previous_hash",
    "sender",
    "recipient",
    "amount",
];

/// How an exponent may begin.
const EXPONENT_MARKS: [&str; 4] = ["E", "e+", "E+0", "e"];

/// Numbers where the layout of floats changes, where they end, and where doubles are far apart.
const EDGES: [f64; 24] = [
    0.0,
    1e-4,
    9.999e-5,
    1e-5,
    1e15,
    9999999999999998.0,
    1e16,
    1.0000000000000002e16,
    1e17,
    1e21,
    1e22,
    1e23,
    9007199254740993.0,
    5e-324,
    2.2250738585072014e-308,
    2.225073858507201e-308,
    f64::MAX,
    f64::MIN_POSITIVE,
    1506280650.770839,
    1506280664.717925,
    0.1,
    0.30000000000000004,
    123456789012345680.0,
    5.0,
];

/// Makes random documents.
pub(crate) struct Documents {
    pub(crate) random: Random,
    text: Vec<u8>,
    /// Whether keys come in any order, strings in any spelling and white space anywhere.
    wild: bool,
}

impl Documents {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed),
            text: Vec::new(),
            wild: true,
        }
    }

    /// Any value.
    pub(crate) fn value(&mut self) -> Vec<u8> {
        self.wild = !self.random.one_in(3);
        self.space();
        self.write_value(4);
        self.space();
        std::mem::take(&mut self.text)
    }

    /// A block: the tutorial's fields most of all, with anything in them.
    pub(crate) fn block(&mut self) -> Vec<u8> {
        self.wild = !self.random.one_in(3);
        self.write_object(4);
        std::mem::take(&mut self.text)
    }

    /// A float by its bits or by its looks.
    pub(crate) fn float(&mut self) -> Vec<u8> {
        self.write_float();
        std::mem::take(&mut self.text)
    }

    /// A document with a few bytes changed, so that it is likely to be no JSON any more.
    pub(crate) fn damaged(&mut self, mut document: Vec<u8>) -> Vec<u8> {
        const BYTES: &[u8] = b"{}[]:,\"\\/u0123456789abcdefABCDEF+-.eE tnNI\x0b\x00\x1f\x7f\x80\xbf\xc2\xe2\xed\xa0\xf0\xff";
        for _ in 0..=self.random.below(3) {
            if document.is_empty() {
                break;
            }
            let place = self.random.below(document.len());
            match self.random.below(4) {
                0 => drop(document.remove(place)),
                1 => document.insert(place, *self.random.choose(BYTES)),
                2 => document[place] = *self.random.choose(BYTES),
                _ => document.truncate(place),
            }
        }
        document
    }

    fn write(&mut self, text: &str) {
        self.text.extend_from_slice(text.as_bytes());
    }

    fn space(&mut self) {
        while self.wild && self.random.one_in(4) {
            let space = *self.random.choose(b" \t\r\n");
            self.text.push(space);
        }
    }

    fn write_value(&mut self, depth: usize) {
        match self.random.below(if depth == 0 { 7 } else { 10 }) {
            0 => {
                let word = *self.random.choose(&WORDS);
                self.write(word);
            }
            1 | 2 => self.write_integer(),
            3 | 4 => self.write_float(),
            5 | 6 => self.write_string(),
            7 => self.write_array(depth),
            _ => self.write_object(depth),
        }
    }

    fn write_array(&mut self, depth: usize) {
        self.write("[");
        self.space();
        for index in 0..self.random.below(5) {
            if index > 0 {
                self.write(",");
                self.space();
            }
            self.write_value(depth - 1);
            self.space();
        }
        self.write("]");
    }

    fn write_object(&mut self, depth: usize) {
        self.write("{");
        self.space();
        let mut keys: Vec<&str> = (0..self.random.below(8))
            .map(|_| *self.random.choose(&KEYS))
            .collect();
        if !self.wild || self.random.one_in(2) {
            keys.sort_unstable();
            keys.dedup();
        }
        for (index, key) in keys.into_iter().enumerate() {
            if index > 0 {
                self.write(",");
                self.space();
            }
            if self.wild && self.random.one_in(5) {
                self.write_string();
            } else {
                self.write(&format!("\"{key}\""));
            }
            self.space();
            self.write(":");
            self.space();
            self.write_value(depth - 1);
            self.space();
        }
        self.write("}");
    }

    fn write_integer(&mut self) {
        let bits = self.random.bits() >> self.random.below(64);
        let text = match self.random.below(8) {
            0 => "-0".to_owned(),
            1 => format!("{}", bits as i64),
            2 => format!("{bits}{}", self.random.bits()),
            3 if self.random.one_in(20) => {
                // At the edge of what Python reads.
                let digits = 4298 + self.random.below(4);
                format!(
                    "{}1{}",
                    if self.random.one_in(2) { "-" } else { "" },
                    "0".repeat(digits)
                )
            }
            _ => format!("{}", bits & 0xffff),
        };
        self.write(&text);
    }

    fn write_float(&mut self) {
        let number = match self.random.below(6) {
            0 => *self.random.choose(&EDGES),
            // A neighbour of such a number.
            1 => f64::from_bits(self.random.choose(&EDGES).to_bits() ^ 1),
            // Subnormal.
            2 => f64::from_bits(self.random.bits() >> (12 + self.random.below(52))),
            // A time, as `time.time()` has it.
            3 => (1.5e18 + self.random.below(1 << 58) as f64) / 1e9,
            4 => self.random.below(100_000) as f64 / 10_f64.powi(self.random.below(9) as i32),
            _ => f64::from_bits(self.random.bits()),
        };
        let number = if number.is_finite() { number } else { 1.5 };
        let number = if self.random.one_in(3) {
            -number
        } else {
            number
        };
        let mark = *self.random.choose(&EXPONENT_MARKS);
        let text = match self.random.below(6) {
            0 => format!("{number:e}")
                .replace("e", mark)
                .replace("+-", "-")
                .replace("+0-", "-0"),
            1 => format!("{number:.3}"),
            2 => format!("{number:?}0").replace("e-", "0e-0"),
            3 => format!(
                "{}{}.{}e{}",
                if number < 0.0 { "-" } else { "" },
                self.random.bits(),
                self.random.bits(),
                self.random.below(700) as i32 - 350
            ),
            _ => format!("{number:?}"),
        };
        self.write(&text);
    }

    fn write_string(&mut self) {
        self.write("\"");
        for _ in 0..self.random.below(12) {
            self.write_character();
        }
        self.write("\"");
    }

    fn write_character(&mut self) {
        let code_point = match self.random.below(10) {
            0 => self.random.below(0x20),
            1 => *self.random.choose(&[
                0x22, 0x5c, 0x2f, 0x7e, 0x7f, 0x80, 0x7ff, 0x800, 0xffff, 0x10000, 0x10ffff, 0x2028,
            ]),
            2 => 0xd800 + self.random.below(0x800),
            3 => 0x10000 + self.random.below(0x100000),
            4 => self.random.below(0x10000),
            _ => 0x20 + self.random.below(0x60),
        } as u32;
        let short = match code_point {
            0x08 => Some("\\b"),
            0x09 => Some("\\t"),
            0x0a => Some("\\n"),
            0x0c => Some("\\f"),
            0x0d => Some("\\r"),
            0x22 => Some("\\\""),
            0x2f => Some("\\/"),
            0x5c => Some("\\\\"),
            _ => None,
        };
        let raw = !matches!(code_point, 0..0x20 | 0x22 | 0x5c) && !self.random.one_in(3);
        match (raw, short) {
            (false, Some(short)) if !self.random.one_in(3) => self.write(short),
            (true, _) if self.wild || code_point < 0x7f => self.write_raw(code_point),
            _ => self.write_units(code_point),
        }
    }

    /// The character itself in UTF-8; a surrogate as if it were a character.
    fn write_raw(&mut self, code_point: u32) {
        match char::from_u32(code_point) {
            Some(character) => self.write(character.encode_utf8(&mut [0; 4])),
            None => self.text.extend_from_slice(&[
                0xe0 | (code_point >> 12) as u8,
                0x80 | (code_point >> 6 & 0x3f) as u8,
                0x80 | (code_point & 0x3f) as u8,
            ]),
        }
    }

    fn write_units(&mut self, code_point: u32) {
        let units = match char::from_u32(code_point) {
            Some(character) => character.encode_utf16(&mut [0; 2]).to_vec(),
            None => vec![code_point as u16],
        };
        for unit in units {
            let digits = if self.wild && self.random.one_in(2) {
                format!("\\u{unit:04X}")
            } else {
                format!("\\u{unit:04x}")
            };
            self.write(&digits);
        }
    }
}
