//! Names and values of a query string or a form.

/// Names and values, in the order in which they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Reads a query string, or a form as browsers send it.
    pub fn read(text: &[u8]) -> Self {
        Self(form_urlencoded::parse(text).map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    /// The first value of a name, without space around it; empty if there is none.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.trim())
    }

    /// The first value of a name; `None` if it is empty or not there.
    pub fn some(&self, name: &str) -> Option<String> {
        Some(self.get(name)).filter(|value| !value.is_empty()).map(str::to_owned)
    }

    /// All names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl From<Vec<(String, String)>> for Parameters {
    fn from(parameters: Vec<(String, String)>) -> Self {
        Self(parameters)
    }
}

/// A path with a query string of names and values; those without a value are left out.
pub fn href<'a>(path: &str, parameters: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(parameters.into_iter().filter(|(_, value)| !value.is_empty()));
    let query = query.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let address = href("/search", [("q", "พันธมิตร & co"), ("lang", ""), ("page", "a/b+c=")]);
        let (path, query) = address.split_once('?').expect("a query string");
        assert_eq!(path, "/search");
        let read = Parameters::read(query.as_bytes());
        assert_eq!([read.get("q"), read.get("lang"), read.get("page")], ["พันธมิตร & co", "", "a/b+c="]);
        assert_eq!(href("/", [("q", "")]), "/");
    }
}
