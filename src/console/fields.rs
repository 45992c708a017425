//! The fields of a form that was posted.
//!
//! What always holds: a form is read once, by the gate, which holds its token against the session's before anything else
//! sees it; a field that somebody adds counts for nothing, and of a field that comes twice the first counts.

/// See the module.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    pub(super) const fn new(fields: Vec<(String, String)>) -> Self {
        Self(fields)
    }

    /// A field as it was sent; empty where it was not.
    pub(super) fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(field, _)| field == name);
        found.map_or("", |(_, value)| value)
    }

    /// All values of a field that stands in a form several times.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// A field without blanks around it; none where nothing is in it.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        Some(self.get(name).trim()).filter(|text| !text.is_empty())
    }
}

/// Where a form asks to go next: a path of the console, else its first page.
pub(super) fn local(path: &str) -> String {
    let well = path.starts_with('/')
        && path.len() <= 200
        && path.bytes().all(|b| b.is_ascii_alphanumeric() || b"/-".contains(&b));
    if well && !path.starts_with("//") { path.to_owned() } else { "/".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_leads_nowhere_else() {
        for path in ["/", "/result/0a1b", "/batch/17"] {
            assert_eq!(local(path), path);
        }
        for path in ["", "//evil.example", "/\\evil.example", "https://evil.example", "/a?b=c", "/a\r\nSet-Cookie: a=b"]
        {
            assert_eq!(local(path), "/", "{path}");
        }
    }

    #[test]
    fn of_a_field_that_comes_twice_the_first_counts() {
        let fields = Fields::new(vec![("a".into(), " 1 ".into()), ("a".into(), "2".into()), ("b".into(), " ".into())]);
        assert_eq!(
            (fields.get("a"), fields.text("a"), fields.text("b"), fields.get("c")),
            (" 1 ", Some("1"), None, "")
        );
    }
}
