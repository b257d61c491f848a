//! From a tree to Python's two written forms.

use super::Json;
use super::float::write_float;
use super::string::write_string;
use std::io::Write;

/// What stands between elements, and between key and value.
struct Separators {
    comma: &'static [u8],
    colon: &'static [u8],
}

const CANONICAL: Separators = Separators {
    comma: b", ",
    colon: b": ",
};
const COMPACT: Separators = Separators {
    comma: b",",
    colon: b":",
};

/// The text that is hashed: Python's `json.dumps(value, sort_keys=True)`. ASCII.
#[must_use]
pub fn canonical(value: &Json) -> String {
    text(value, &CANONICAL)
}

/// The text that goes over the wire: what Flask's `jsonify` writes, without the newline at its end. ASCII.
#[must_use]
pub fn compact(value: &Json) -> String {
    text(value, &COMPACT)
}

/// Appends [`canonical`] to a buffer.
pub fn write_canonical(value: &Json, out: &mut Vec<u8>) {
    write(value, &CANONICAL, out);
}

/// Appends [`compact`] to a buffer.
pub fn write_compact(value: &Json, out: &mut Vec<u8>) {
    write(value, &COMPACT, out);
}

fn text(value: &Json, separators: &Separators) -> String {
    let mut out = Vec::new();
    write(value, separators, &mut out);
    String::from_utf8(out).expect("all that is written is ASCII")
}

fn write(value: &Json, separators: &Separators, out: &mut Vec<u8>) {
    match value {
        Json::Null => out.extend_from_slice(b"null"),
        Json::Bool(true) => out.extend_from_slice(b"true"),
        Json::Bool(false) => out.extend_from_slice(b"false"),
        Json::Integer(integer) => {
            write!(out, "{integer}").expect("a vector takes all that is written to it");
        }
        Json::Float(number) => write_float(*number, out),
        Json::String(text) => write_string(text.as_wtf8(), out),
        Json::Array(elements) => {
            out.push(b'[');
            for (index, element) in elements.iter().enumerate() {
                if index > 0 {
                    out.extend_from_slice(separators.comma);
                }
                write(element, separators, out);
            }
            out.push(b']');
        }
        Json::Object(object) => {
            out.push(b'{');
            for (index, (key, member)) in object.iter().enumerate() {
                if index > 0 {
                    out.extend_from_slice(separators.comma);
                }
                write_string(key.as_wtf8(), out);
                out.extend_from_slice(separators.colon);
                write(member, separators, out);
            }
            out.push(b'}');
        }
    }
}
