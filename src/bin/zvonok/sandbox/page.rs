//! The page at `/`: five files, no outside resources.

use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;

use super::desk::Desk;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      img-src data:; base-uri 'none'; form-action 'none'";

pub(crate) fn routes() -> Router<Desk> {
    let html = include_str!("page/index.html");
    let style = include_str!("page/style.css");
    let script =
        |text: &'static str| get(async move || file("text/javascript; charset=utf-8", text));
    Router::new()
        .route("/", get(async move || file("text/html; charset=utf-8", html)))
        .route("/style.css", get(async move || file("text/css; charset=utf-8", style)))
        .route("/page.js", script(include_str!("page/page.js")))
        .route("/vk.js", script(include_str!("page/vk.js")))
        .route("/max.js", script(include_str!("page/max.js")))
}

fn file(kind: &'static str, text: &'static str) -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ];
    (headers, text)
}
