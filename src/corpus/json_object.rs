//! A JSON object whose values stay as they are written.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The members of an object by key, each with its place; of a key that stands twice, the last value at the first
/// place.
///
/// Numbers keep all their digits, which reading them as floats would not.
#[derive(Debug, Default)]
pub(super) struct JsonObject<'a>(BTreeMap<String, (usize, &'a RawValue)>);

impl<'a> JsonObject<'a> {
    /// The keys, as they are written from left to right.
    pub(super) fn keys_in_order(&self) -> Vec<String> {
        let mut keys: Vec<(usize, &String)> = self.0.iter().map(|(key, (place, _))| (*place, key)).collect();
        keys.sort_unstable();
        keys.into_iter().map(|(_, key)| key.clone()).collect()
    }

    /// The keys, in no promised order.
    pub(super) fn keys(&self) -> impl Iterator<Item = &String> {
        self.0.keys()
    }

    /// The value of `key` as it is written; `None` where the object lacks it.
    pub(super) fn get(&self, key: &str) -> Option<&'a str> {
        self.0.get(key).map(|(_, value)| value.get())
    }
}

impl<'de> Deserialize<'de> for JsonObject<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = JsonObject<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
                let mut object = JsonObject::default();
                while let Some((key, value)) = members.next_entry::<String, &RawValue>()? {
                    let place = object.0.len();
                    object.0.entry(key).or_insert((place, value)).1 = value;
                }
                Ok(object)
            }
        }

        deserializer.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_order_stay_as_written() {
        let object: JsonObject<'_> = serde_json::from_str(
            r#"{"z": 12345678901234567890.10, "a\u0062": "x\ty", "m": {"k" : [1,  2]}, "z": 7.0}"#,
        )
        .unwrap();
        assert_eq!(object.keys_in_order(), ["z", "ab", "m"]);
        assert_eq!(object.get("z"), Some("7.0"));
        assert_eq!(object.get("ab"), Some(r#""x\ty""#));
        assert_eq!(object.get("m"), Some(r#"{"k" : [1,  2]}"#));
        assert_eq!(object.get("no"), None);
    }
}
