//! A sentence for a reader, before it is put into their language.
//!
//! Verdicts and figures are pure functions of a record and know no language. They carry English templates with named
//! places; whoever shows them asks a catalogue for the template in the reader's language and then fills the places.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An English template such as `"{count} of {total} survived"` with what its places hold.
///
/// As JSON it is the English sentence.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Text {
    template: String,
    args: BTreeMap<String, Arg>,
}

/// What stands in one place of a [`Text`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arg {
    /// The same in every language: a number, a name.
    Plain(String),
    /// Itself to be translated.
    Text(Text),
}

impl<T: ToString> From<T> for Arg {
    fn from(value: T) -> Self {
        Arg::Plain(value.to_string())
    }
}

impl Text {
    /// A sentence without places, or with places still to be filled by [`Text::with`].
    pub fn new(template: impl Into<String>) -> Self {
        Text {
            template: template.into(),
            args: BTreeMap::new(),
        }
    }

    /// Fills the place `{name}` with something that is the same in every language.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "callers hand over numbers as they are")]
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.args.insert(name.to_owned(), Arg::Plain(value.to_string()));
        self
    }

    /// Fills the place `{name}` with a sentence that is translated too.
    #[must_use]
    pub fn with_text(mut self, name: &str, value: Text) -> Self {
        self.args.insert(name.to_owned(), Arg::Text(value));
        self
    }

    /// The English template, which is the message's id in the catalogue.
    #[must_use]
    pub fn template(&self) -> &str {
        &self.template
    }

    /// The English sentence.
    #[must_use]
    pub fn english(&self) -> String {
        self.render(&|_| None)
    }

    /// The sentence in the language of `translate`; a template it does not know stays English.
    #[must_use]
    pub fn render(&self, translate: Translate<'_>) -> String {
        let template = translate(&self.template);
        let mut rest = template.as_deref().unwrap_or(&self.template);
        let mut out = String::with_capacity(rest.len() + 16);
        while let Some(open) = rest.find('{') {
            out.push_str(&rest[..open]);
            let tail = &rest[open + 1..];
            let place = tail.find('}').map(|close| (&tail[..close], close));
            match place.and_then(|(name, close)| Some((self.args.get(name)?, close))) {
                Some((Arg::Plain(value), close)) => {
                    out.push_str(value);
                    rest = &tail[close + 1..];
                }
                Some((Arg::Text(text), close)) => {
                    out.push_str(&text.render(translate));
                    rest = &tail[close + 1..];
                }
                None => {
                    out.push('{');
                    rest = tail;
                }
            }
        }
        out.push_str(rest);
        out
    }
}

/// A [`Text`] with its template and its places kept apart, for a way on which it must stay translatable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Parts {
    template: String,
    args: BTreeMap<String, Part>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum Part {
    Plain(String),
    Text(Parts),
}

impl From<Text> for Parts {
    fn from(text: Text) -> Self {
        let part = |arg| match arg {
            Arg::Plain(value) => Part::Plain(value),
            Arg::Text(text) => Part::Text(text.into()),
        };
        Parts {
            template: text.template,
            args: text.args.into_iter().map(|(name, arg)| (name, part(arg))).collect(),
        }
    }
}

impl From<Parts> for Text {
    fn from(parts: Parts) -> Self {
        let arg = |part| match part {
            Part::Plain(value) => Arg::Plain(value),
            Part::Text(parts) => Arg::Text(parts.into()),
        };
        Text {
            template: parts.template,
            args: parts.args.into_iter().map(|(name, part)| (name, arg(part))).collect(),
        }
    }
}

/// Looks an English template up in a catalogue.
pub type Translate<'a> = &'a dyn Fn(&str) -> Option<String>;

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.english())
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Text::new)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Text {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Text".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string"})
    }
}

/// A [`Text`] from a literal template, `text!("{n} of {total} survived", n = 3, total = 4)`.
///
/// Every template that a reader may see is written with this macro, so that the catalogue's completeness test finds it.
/// A value that is itself a [`Text`] is given as `name: value`.
#[macro_export]
macro_rules! text {
    ($template:literal $(, $($rest:tt)*)?) => {
        $crate::text_places!($crate::text::Text::new($template) $(, $($rest)*)?)
    };
}

/// A literal that a reader may see, marked so that the catalogue's completeness test finds it.
#[macro_export]
macro_rules! msg {
    ($message:literal) => {
        $message
    };
}

/// Fills the places of [`text!`](crate::text!).
#[doc(hidden)]
#[macro_export]
macro_rules! text_places {
    ($built:expr $(,)?) => { $built };
    ($built:expr, $name:ident = $value:expr $(, $($rest:tt)*)?) => {
        $crate::text_places!($built.with(stringify!($name), $value) $(, $($rest)*)?)
    };
    ($built:expr, $name:ident : $value:expr $(, $($rest:tt)*)?) => {
        $crate::text_places!($built.with_text(stringify!($name), $value) $(, $($rest)*)?)
    };
}

#[cfg(test)]
mod tests {
    #[test]
    fn fills_places_in_the_reader_s_language() {
        let text = text!("{count} of {total} {kind} survived", count = 3, total = 4, kind: text!("threads"));
        assert_eq!(text.english(), "3 of 4 threads survived");
        let korean = |id: &str| match id {
            "{count} of {total} {kind} survived" => Some("{kind} {total}개 중 {count}개 생존".to_owned()),
            "threads" => Some("스레드".to_owned()),
            _ => None,
        };
        assert_eq!(text.render(&korean), "스레드 4개 중 3개 생존");
    }

    #[test]
    fn leaves_a_brace_that_is_no_place() {
        assert_eq!(text!("a {b} { c", c = 1).english(), "a {b} { c");
    }
}
