//! A request's parameters and token, from the query, a form or a multipart body.

use axum::Form;
use axum::body::to_bytes;
use axum::extract::{FromRequest, Multipart, Query, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::error::Error;

const LONGEST_BODY: usize = 4 << 20;

/// The parameters without the token, in the order in which they were sent.
#[derive(Clone, Default)]
pub(crate) struct Params(Vec<(String, String)>);

/// Reads parameters and token. A body of another kind, JSON above all, counts as no parameters.
pub(crate) async fn read(request: Request) -> Result<(Params, Option<String>), Response> {
    let mut token = bearer(request.headers());
    let kind = content_type(request.headers());
    let query = Query::<Vec<(String, String)>>::try_from_uri(request.uri());
    let mut pairs = query.map(|Query(pairs)| pairs).map_err(IntoResponse::into_response)?;
    pairs.extend(read_body(request, &kind).await?);
    pairs.retain(|(key, value)| {
        let is_token = key == "access_token";
        if is_token && token.is_none() {
            token = Some(value.clone());
        }
        !is_token
    });
    Ok((Params(pairs), token.filter(|token| !token.is_empty())))
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    Some(value.strip_prefix("Bearer ")?.trim().to_owned())
}

fn content_type(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().to_ascii_lowercase()
}

async fn read_body(request: Request, kind: &str) -> Result<Vec<(String, String)>, Response> {
    if request.method() == axum::http::Method::GET {
        return Ok(Vec::new());
    }
    if kind.starts_with("application/x-www-form-urlencoded") {
        let form = Form::<Vec<(String, String)>>::from_request(request, &()).await;
        return form.map(|Form(pairs)| pairs).map_err(IntoResponse::into_response);
    }
    if kind.starts_with("multipart/form-data") {
        return read_multipart(request).await;
    }
    // Read and thrown away, so that the connection can be used again.
    let read = to_bytes(request.into_body(), LONGEST_BODY).await;
    read.map(|_| Vec::new()).map_err(|_| StatusCode::PAYLOAD_TOO_LARGE.into_response())
}

async fn read_multipart(request: Request) -> Result<Vec<(String, String)>, Response> {
    let body = Multipart::from_request(request, &()).await;
    let mut body = body.map_err(IntoResponse::into_response)?;
    let mut pairs = Vec::new();
    while let Some(field) = body.next_field().await.map_err(IntoResponse::into_response)? {
        let name = field.name().unwrap_or_default().to_owned();
        pairs.push((name, field.text().await.map_err(IntoResponse::into_response)?));
    }
    Ok(pairs)
}

impl Params {
    pub(crate) fn of(pairs: Vec<(String, String)>) -> Params {
        Params(pairs)
    }

    pub(crate) fn all(&self) -> &[(String, String)] {
        &self.0
    }

    /// A parameter; an empty one is as good as none, and the last of several counts.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let last = self.0.iter().rev().find(|(key, _)| key == name);
        last.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    pub(crate) fn int(&self, name: &str) -> Result<Option<i64>, Error> {
        self.get(name).map(|text| parse(name, text)).transpose()
    }

    pub(crate) fn need_int(&self, name: &str) -> Result<i64, Error> {
        self.int(name)?.ok_or_else(|| undefined(name))
    }

    /// A list of numbers parted by commas; empty without the parameter.
    pub(crate) fn ints(&self, name: &str) -> Result<Vec<i64>, Error> {
        let text = self.get(name).unwrap_or_default();
        text.split(',').filter(|one| !one.is_empty()).map(|one| parse(name, one)).collect()
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        matches!(self.get(name), Some("1" | "true"))
    }

    /// `offset` and `count` of a list, the count by default and at most.
    pub(crate) fn page(&self, default: i64, most: i64) -> Result<(usize, usize), Error> {
        let offset = self.int("offset")?.unwrap_or(0);
        let count = self.int("count")?.unwrap_or(default);
        if offset < 0 {
            return Err(Error::param("offset should be greater or equal to 0"));
        }
        if !(1..=most).contains(&count) {
            return Err(Error::param(&format!("count should be between 1 and {most}")));
        }
        Ok((usize::try_from(offset).unwrap_or(usize::MAX), usize::try_from(count).unwrap_or(0)))
    }

    /// The version asked for, as (5, 199).
    pub(crate) fn version(&self) -> (u32, u32) {
        let (major, minor) = self.get("v").unwrap_or("0").split_once('.').unwrap_or(("0", "0"));
        (major.parse().unwrap_or(0), minor.parse().unwrap_or(0))
    }
}

fn parse(name: &str, text: &str) -> Result<i64, Error> {
    text.trim().parse().map_err(|_| Error::param(&format!("{name} not integer")))
}

pub(crate) fn undefined(name: &str) -> Error {
    Error::param(&format!("{name} is undefined"))
}
