//! As much of HTML as the pages' tests need: tags with their attributes.

/// A start tag: its name, and its attributes with their values unescaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tag {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
}

impl Tag {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// All start tags of a page, in their order. Scripts and comments hold none.
pub(crate) fn tags(html: &str) -> Vec<Tag> {
    let mut tags = Vec::new();
    let mut rest = html;
    while let Some(open) = rest.find('<') {
        rest = &rest[open + 1..];
        if let Some(comment) = rest.strip_prefix("!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
        } else if rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
            let (tag, after) = tag(rest);
            rest = after;
            if tag.name == "script" {
                rest = rest.find("</script").map_or("", |end| &rest[end..]);
            }
            tags.push(tag);
        }
    }
    tags
}

fn tag(html: &str) -> (Tag, &str) {
    let end = html.find(|c: char| c.is_whitespace() || c == '>').unwrap_or(html.len());
    let name = html[..end].trim_end_matches('/').to_ascii_lowercase();
    let mut attributes = Vec::new();
    let mut rest = &html[end..];
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        if rest.is_empty() || rest.starts_with('>') {
            return (Tag { name, attributes }, rest.get(1..).unwrap_or(""));
        }
        let end = rest
            .find(|c: char| c.is_whitespace() || c == '>' || c == '=')
            .unwrap_or(rest.len());
        let key = rest[..end].to_ascii_lowercase();
        rest = &rest[end..];
        let mut value = "";
        if let Some(after) = rest.strip_prefix('=') {
            let quote = after.chars().next().filter(|c| *c == '"' || *c == '\'');
            let inner = after.strip_prefix(['"', '\'']).unwrap_or(after);
            let close = match quote {
                Some(quote) => inner.find(quote),
                None => inner.find(|c: char| c.is_whitespace() || c == '>'),
            };
            let close = close.unwrap_or(inner.len());
            value = &inner[..close];
            rest = &inner[close + quote.map_or(0, char::len_utf8)..];
        }
        attributes.push((key, unescaped(value)));
    }
}

fn unescaped(value: &str) -> String {
    let named = value.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    named.replace("&#39;", "'").replace("&#x27;", "'").replace("&amp;", "&")
}

#[test]
fn tags_with_all_sorts_of_attributes() {
    let found = tags("<!-- <a> --><A href='x>y' b=c d><br/><script>if (a<b) {}</script><p id=\"q&amp;r\">");
    let names: Vec<&str> = found.iter().map(|tag| tag.name.as_str()).collect();
    assert_eq!(names, ["a", "br", "script", "p"]);
    assert_eq!(found[0].get("href"), Some("x>y"));
    assert_eq!(found[0].get("b"), Some("c"));
    assert_eq!(found[0].get("d"), Some(""));
    assert_eq!(found[3].get("id"), Some("q&r"));
}
