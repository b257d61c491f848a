use super::{Integer, Text, canonical};
use std::fmt;

/// Any JSON value, as Python's `json.loads` would have it.
#[derive(Clone, PartialEq)]
pub enum Json {
    /// `null`, Python's `None`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number without point and exponent.
    Integer(Integer),
    /// A number with a point or an exponent; also `NaN`, `Infinity` and `-Infinity`.
    Float(f64),
    /// A string.
    String(Text),
    /// An array.
    Array(Vec<Json>),
    /// An object.
    Object(Object),
}

/// An object's members in the order of their keys, each key once.
#[derive(Clone, PartialEq, Default)]
pub struct Object(Vec<(Text, Json)>);

impl Json {
    /// An object of these members; of a key given twice the last one counts.
    pub fn object<K: Into<Text>>(members: impl IntoIterator<Item = (K, Json)>) -> Self {
        Self::Object(members.into_iter().collect())
    }

    /// The member of this object under a key; none of anything else.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Json> {
        self.as_object()?.get(key)
    }

    /// This object's members.
    #[must_use]
    pub fn as_object(&self) -> Option<&Object> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    /// This array's elements.
    #[must_use]
    pub fn as_array(&self) -> Option<&[Json]> {
        match self {
            Self::Array(elements) => Some(elements),
            _ => None,
        }
    }

    /// This string.
    #[must_use]
    pub fn as_text(&self) -> Option<&Text> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// This string, unless it holds a lone surrogate.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        self.as_text()?.as_str()
    }

    /// This integer.
    #[must_use]
    pub fn as_integer(&self) -> Option<&Integer> {
        match self {
            Self::Integer(integer) => Some(integer),
            _ => None,
        }
    }

    /// This integer, if it fits. `5.0` is none.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        self.as_integer()?.as_i64()
    }

    /// This integer, if it fits. `5.0` is none.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        self.as_integer()?.as_u64()
    }

    /// This float. `5` is none.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Float(number) => Some(*number),
            _ => None,
        }
    }

    /// What kind of value this is, in JSON's words.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Integer(_) => "an integer",
            Self::Float(_) => "a float",
            Self::String(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        }
    }
}

impl Object {
    /// The member under a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Json> {
        let place = self
            .0
            .binary_search_by(|(known, _)| known.as_wtf8().cmp(key.as_bytes()))
            .ok()?;
        Some(&self.0[place].1)
    }

    /// The members in the order of their keys.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Text, &Json)> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    /// How many members there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Of members in any order; of a key given twice the last one counts.
    pub(super) fn from_members(mut members: Vec<(Text, Json)>) -> Self {
        if !members.is_sorted_by(|(left, _), (right, _)| left < right) {
            // The sort keeps equal keys in their order, so that the last one given stays the last.
            members.sort_by(|(left, _), (right, _)| left.cmp(right));
            members.dedup_by(|later, kept| {
                let same = later.0 == kept.0;
                if same {
                    std::mem::swap(later, kept);
                }
                same
            });
        }
        Self(members)
    }
}

impl<K: Into<Text>> FromIterator<(K, Json)> for Object {
    fn from_iter<I: IntoIterator<Item = (K, Json)>>(members: I) -> Self {
        Self::from_members(
            members
                .into_iter()
                .map(|(key, value)| (key.into(), value))
                .collect(),
        )
    }
}

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Json {
    fn from(number: i64) -> Self {
        Self::Integer(number.into())
    }
}

impl From<u64> for Json {
    fn from(number: u64) -> Self {
        Self::Integer(number.into())
    }
}

impl From<f64> for Json {
    fn from(number: f64) -> Self {
        Self::Float(number)
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::String(text.into())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Self::String(text.into())
    }
}

impl From<Vec<Json>> for Json {
    fn from(elements: Vec<Json>) -> Self {
        Self::Array(elements)
    }
}

/// As canonical JSON.
impl fmt::Debug for Json {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&canonical(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_key_given_twice_the_last_counts() {
        let object = Json::object([
            ("b", Json::from(1_i64)),
            ("a", Json::from(2_i64)),
            ("b", Json::from(3_i64)),
            ("b", Json::from(4_i64)),
            ("a", Json::Null),
        ]);
        assert_eq!(canonical(&object), r#"{"a": null, "b": 4}"#);
    }

    #[test]
    fn a_value_takes_32_bytes() {
        assert_eq!(size_of::<Json>(), 32);
    }

    #[test]
    fn accessors_keep_kinds_apart() {
        let values = [
            Json::Null,
            Json::from(true),
            Json::from(5_i64),
            Json::from(5.0),
            Json::from("5"),
            Json::from(vec![Json::from(5_i64)]),
            Json::object([("five", Json::from(5_u64))]),
        ];
        let kinds: Vec<_> = values.iter().map(Json::kind).collect();
        assert_eq!(
            kinds,
            [
                "null",
                "a boolean",
                "an integer",
                "a float",
                "a string",
                "an array",
                "an object"
            ]
        );
        assert_eq!(values.iter().filter_map(Json::as_i64).count(), 1);
        assert_eq!(values.iter().filter_map(Json::as_u64).count(), 1);
        assert_eq!(values.iter().filter_map(Json::as_f64).count(), 1);
        assert_eq!(values.iter().filter_map(Json::as_str).count(), 1);
        assert_eq!(values.iter().filter_map(Json::as_array).count(), 1);
        let object = values[6].as_object();
        assert_eq!(object.map(Object::len), Some(1));
        assert_eq!(object.map(Object::is_empty), Some(false));
        assert_eq!(values[6].get("five"), Some(&values[2]));
        assert_eq!(values[6].get("six"), None);
        assert_eq!(values[5].get("five"), None);
    }
}
