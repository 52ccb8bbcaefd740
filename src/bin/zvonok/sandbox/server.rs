//! The HTTP server: who may connect, which path goes where, and how a connection is cut.

use std::net::SocketAddr;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};

use super::desk::Desk;
use super::{control, max, page, vk};

/// A mark on a response: close the connection instead of sending it.
#[derive(Clone, Copy)]
pub(crate) struct Dropped;

/// A response that is never sent.
pub(crate) fn dropped() -> Response {
    let mut response = StatusCode::SERVICE_UNAVAILABLE.into_response();
    response.extensions_mut().insert(Dropped);
    response
}

/// Serves until the future is dropped.
pub(crate) async fn serve(listener: TcpListener, desk: Desk) {
    let router = Router::new()
        .merge(vk::routes())
        .merge(max::routes())
        .merge(control::routes())
        .merge(max::control::routes())
        .merge(page::routes())
        .layer(middleware::from_fn(only_this_machine))
        .with_state(desk);
    loop {
        // A failed accept (too many open files) passes; the next one may succeed.
        if let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(converse(stream, router.clone()));
        } else {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
}

/// One connection. An error of the service makes hyper close it without an answer, which is what
/// a lost answer looks like to a client.
async fn converse(stream: TcpStream, router: Router) {
    // Without this a small answer may wait for the client's acknowledgement.
    let _ = stream.set_nodelay(true);
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let answer = router.call(request.map(Body::new));
        async move {
            let Ok(response) = answer.await;
            match response.extensions().get::<Dropped>() {
                Some(Dropped) => Err(std::io::Error::other("the connection is to be cut")),
                None => Ok(response),
            }
        }
    });
    // A client that hangs up is no business of ours.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// Refuses pages of other sites: the control interface has no token and can kill processes, so a
/// browser on this machine must not be talked into using it.
async fn only_this_machine(request: Request, next: Next) -> Response {
    if comes_from_here(request.headers()) {
        next.run(request).await
    } else {
        (StatusCode::FORBIDDEN, "only for this machine\n").into_response()
    }
}

fn comes_from_here(headers: &HeaderMap) -> bool {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let host = header(header::HOST).unwrap_or_default();
    let origin = header(header::ORIGIN).map(|origin| origin.trim_start_matches("http://"));
    is_local(host) && origin.is_none_or(|origin| origin == host)
}

/// Whether a host is this machine.
pub(crate) fn is_local(host: &str) -> bool {
    let socket = host.parse::<SocketAddr>().map(|address| address.ip());
    let ip = socket.or_else(|_| host.trim_matches(['[', ']']).parse());
    let name = host.split(':').next().unwrap_or_default();
    ip.is_ok_and(|ip| ip.is_loopback()) || name == "localhost"
}
