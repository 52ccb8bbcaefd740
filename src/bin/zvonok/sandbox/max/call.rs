//! One request to MAX's interface as its methods read it.

use axum::body::Bytes;
use serde::de::DeserializeOwned;

use super::error::Error;

/// A request, without the token.
pub(crate) struct Call {
    /// `GET`, `POST`, …
    pub(crate) method: String,
    /// From the interface's root: `/chats/-71/members`.
    pub(crate) path: String,
    /// What stands in the path where the template has names.
    pub(crate) names: Vec<String>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) body: Bytes,
}

impl Call {
    /// A parameter of the query. Of one that is repeated only the first counts.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn int(&self, name: &str) -> Result<Option<i64>, Error> {
        let parsed = self.get(name).map(str::parse).transpose();
        parsed.map_err(|_| Error::payload(&format!("{name}: an integer is expected")))
    }

    /// A number between two bounds, or what it is when nothing was said.
    pub(crate) fn within(
        &self,
        name: &str,
        low: i64,
        high: i64,
        usual: i64,
    ) -> Result<usize, Error> {
        let number = self.int(name)?.unwrap_or(usual);
        if !(low..=high).contains(&number) {
            return Err(Error::payload(&format!("{name} must be from {low} to {high}")));
        }
        Ok(usize::try_from(number).unwrap_or_default())
    }

    /// A list of numbers with commas between them.
    pub(crate) fn ints(&self, name: &str) -> Result<Option<Vec<i64>>, Error> {
        let Some(text) = self.get(name).filter(|text| !text.is_empty()) else { return Ok(None) };
        let parsed: Result<Vec<i64>, _> = text.split(',').map(|part| part.trim().parse()).collect();
        let wrong = |_| Error::payload(&format!("{name}: integers with commas are expected"));
        parsed.map(Some).map_err(wrong)
    }

    pub(crate) fn flag(&self, name: &str) -> Result<bool, Error> {
        match self.get(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(Error::payload(&format!("{name}: true or false is expected"))),
        }
    }

    /// The body, which must be JSON of the right shape.
    pub(crate) fn body<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let parsed = serde_json::from_slice(&self.body);
        parsed.map_err(|error| Error::payload(&format!("Can't deserialize body: {error}")))
    }

    /// The number in the path; anything else is no path of the interface.
    pub(crate) fn number(&self, at: usize) -> Result<i64, Error> {
        let parsed = self.names.get(at).and_then(|text| text.parse().ok());
        parsed.ok_or_else(|| Error::no_method(&self.path))
    }

    /// For the log: where it went, with what. The path stands there because the log's method is
    /// a template.
    pub(crate) fn params(&self) -> Vec<(String, String)> {
        let mut params = vec![("path".to_owned(), self.path.clone())];
        let hidden = self.query.iter().filter(|(key, _)| key != "access_token");
        params.extend(hidden.cloned());
        if !self.body.is_empty() {
            let body = match serde_json::from_slice::<serde_json::Value>(&self.body) {
                // A webhook's secret is nobody's to read.
                Ok(body) if body.get("secret").is_some() => {
                    body.as_object().map(|fields| shown(fields).to_string()).unwrap_or_default()
                }
                _ => String::from_utf8_lossy(&self.body).into_owned(),
            };
            params.push(("body".to_owned(), body));
        }
        params
    }
}

fn shown(fields: &serde_json::Map<String, serde_json::Value>) -> serde_json::Value {
    let mut fields = fields.clone();
    fields.insert("secret".to_owned(), "…".into());
    fields.into()
}
