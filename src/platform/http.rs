//! One HTTP client for every driver: the certificates, proxy and limits that we decide on, nothing
//! from the environment, and a request that ends soon after its [`Stop`].

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use once_cell::sync::OnceCell;
use serde_json::Value;
use ureq::http::Response;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body, RequestBuilder};

use super::{Access, Proxy};
use crate::error::{Code, Error, Result};
use crate::secret::Secret;
use crate::stop::Stop;

mod chain;
pub(crate) mod line;
mod machine;

use chain::Watch;

/// An answer larger than this is not ours. The largest one known is a page of 1000 members,
/// 25 times: about 6 MB.
const LONGEST_BODY: u64 = 64 * 1024 * 1024;

/// Sends requests and says how far each one came.
pub(crate) struct Http {
    agent: OnceCell<Agent>,
    proxy: Option<ureq::Proxy>,
    extra_roots: Vec<Certificate<'static>>,
    connect_timeout: Duration,
    request_timeout: Duration,
    secrets: Vec<Secret>,
    watch: Watch,
}

/// A request whose body, where it has one, is JSON.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Ask {
    Get,
    Delete,
    Post(Value),
    Put(Value),
    Patch(Value),
}

/// An answer of any status.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    /// How long the other side wants to be left alone, where it says so in seconds.
    pub(crate) retry_after: Option<Duration>,
}

/// A request without an answer.
#[derive(Debug)]
pub(crate) struct Trouble {
    pub(crate) kind: Kind,
    /// Whether the messenger may have seen the request.
    pub(crate) sent: bool,
    /// What the machine said, without secrets.
    pub(crate) detail: String,
}

/// Where a request without an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The host name is not known.
    Dns,
    /// No connection.
    Connect,
    /// The proxy did not let us through.
    Proxy,
    /// The other side could not prove who it is.
    Tls,
    /// No answer in time.
    Timeout,
    /// The connection ended before the whole answer was here.
    Closed,
    /// The answer is not HTTP, not gzip, or too long.
    Broken,
    /// The [`Stop`] ended it.
    Stopped,
}

impl Kind {
    /// The code and the sentences of a request to `platform` that ended here.
    pub(crate) fn told(self, platform: &str) -> (&'static str, String, String) {
        let (code, ru, en) = match self {
            Kind::Dns => {
                ("http.dns", "адрес {} не найден в DNS", "{}'s address is not known to DNS")
            }
            Kind::Connect => ("http.connect", "соединиться с {} не удалось", "no connection to {}"),
            Kind::Proxy => {
                ("http.proxy", "прокси не пропустил к {}", "the proxy did not let us through to {}")
            }
            Kind::Tls => (
                "http.tls",
                "защищённое соединение с {} не установлено: сертификат не принят",
                "no secure connection to {}: the certificate was not accepted",
            ),
            Kind::Timeout => ("http.timeout", "{} не ответил вовремя", "{} did not answer in time"),
            Kind::Closed => {
                ("http.closed", "соединение оборвалось до конца ответа", "the connection broke off")
            }
            Kind::Broken => ("http.broken", "ответ не прочитался", "the answer could not be read"),
            Kind::Stopped => ("http.stopped", "запрос остановлен", "the request was stopped"),
        };
        (code, ru.replace("{}", platform), en.replace("{}", platform))
    }
}

impl Http {
    /// Checks proxy and CA file; connects to nothing.
    pub(crate) fn new(access: &Access) -> Result<Http> {
        let login = access.proxy.as_ref().and_then(|proxy| proxy.login.as_ref());
        let secrets = login.map(|(_, password)| password).into_iter().chain([&access.token]);
        Ok(Http {
            agent: OnceCell::new(),
            proxy: access.proxy.as_ref().map(proxy).transpose()?,
            extra_roots: access
                .ca_file
                .as_deref()
                .map(certificates)
                .transpose()?
                .unwrap_or_default(),
            connect_timeout: access.connect_timeout,
            request_timeout: access.request_timeout,
            secrets: secrets.filter(|secret| !secret.is_empty()).cloned().collect(),
            watch: Watch::default(),
        })
    }

    /// Posts a form with the token in the `Authorization` header. Everything happens in the calling
    /// thread, and neither the request's time nor the time that `stop` has left is exceeded (a name
    /// lookup alone takes what the system's resolver takes).
    pub(crate) fn post(
        &self,
        url: &str,
        token: &Secret,
        form: &[(String, String)],
        stop: &Stop,
    ) -> std::result::Result<Reply, Trouble> {
        let pairs = form.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let bearer = format!("Bearer {}", token.reveal());
        self.run(stop, |time| {
            self.set(self.agent().post(url), &bearer, time).send_form(pairs).and_then(read)
        })
    }

    /// The same without any token, for a server that is not the messenger itself.
    pub(crate) fn post_without_token(
        &self,
        url: &str,
        form: &[(&str, &str)],
        stop: &Stop,
    ) -> std::result::Result<Reply, Trouble> {
        let pairs = form.iter().copied();
        self.run(stop, |time| {
            self.limit(self.agent().post(url), time).send_form(pairs).and_then(read)
        })
    }

    /// The same for an interface that speaks JSON and wants the token without a word before it.
    pub(crate) fn ask(
        &self,
        url: &str,
        token: &Secret,
        ask: &Ask,
        stop: &Stop,
    ) -> std::result::Result<Reply, Trouble> {
        let (agent, token) = (self.agent(), token.reveal());
        let with_body = |request, body: &Value, time| {
            let request = self.set(request, token, time).content_type("application/json");
            request.send(body.to_string())
        };
        self.run(stop, |time| {
            let response = match ask {
                Ask::Get => self.set(agent.get(url), token, time).call(),
                Ask::Delete => self.set(agent.delete(url), token, time).call(),
                Ask::Post(body) => with_body(agent.post(url), body, time),
                Ask::Put(body) => with_body(agent.put(url), body, time),
                Ask::Patch(body) => with_body(agent.patch(url), body, time),
            };
            response.and_then(read)
        })
    }

    /// `text` without any secret of this client.
    pub(crate) fn redact(&self, text: &str) -> String {
        self.secrets.iter().fold(text.to_owned(), |text, secret| secret.redact(&text))
    }

    fn run(
        &self,
        stop: &Stop,
        send: impl FnOnce(Duration) -> std::result::Result<Reply, ureq::Error>,
    ) -> std::result::Result<Reply, Trouble> {
        let time = stop.left().map_or(self.request_timeout, |left| left.min(self.request_timeout));
        let call = self.watch.enter(stop);
        let outcome = send(time);
        outcome.map_err(|error| self.trouble(&error, call.sent(), stop))
    }

    fn set<B>(
        &self,
        request: RequestBuilder<B>,
        authorization: &str,
        time: Duration,
    ) -> RequestBuilder<B> {
        self.limit(request.header("Authorization", authorization), time)
    }

    fn limit<B>(&self, request: RequestBuilder<B>, time: Duration) -> RequestBuilder<B> {
        request
            .config()
            .timeout_global(Some(time))
            .timeout_connect(Some(self.connect_timeout.min(time)))
            .build()
    }

    fn agent(&self) -> &Agent {
        self.agent.get_or_init(|| {
            // Each line decides something that ureq would otherwise take from elsewhere: the proxy
            // from the environment, errors from statuses, redirects from the answer.
            let config = Agent::config_builder()
                .proxy(self.proxy.clone())
                .tls_config(TlsConfig::builder().root_certs(self.roots()).build())
                .http_status_as_error(false)
                .max_redirects(0)
                .max_redirects_will_error(false)
                .user_agent(concat!("zvonok/", env!("CARGO_PKG_VERSION")))
                .max_idle_connections(32)
                .max_idle_connections_per_host(32)
                .build();
            let connector = chain::connector(&self.watch, self.proxy.is_some());
            Agent::with_parts(config, connector, chain::HereResolver)
        })
    }

    fn roots(&self) -> RootCerts {
        let store = machine::store();
        let public = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().map(AsRef::as_ref);
        let roots = store.roots(public).into_iter();
        let mut roots: Vec<_> = roots.map(|root| Certificate::from_der(root).to_owned()).collect();
        roots.extend(self.extra_roots.iter().cloned());
        RootCerts::new_with_certs(&roots)
    }

    fn trouble(&self, error: &ureq::Error, sent: bool, stop: &Stop) -> Trouble {
        let kind = match stop.reason() {
            Some(_) => Kind::Stopped,
            None if sent => after_sending(error),
            None => before_sending(error, self.proxy.is_some()),
        };
        Trouble { kind, sent, detail: self.redact(&error.to_string()) }
    }
}

fn read(mut response: Response<Body>) -> std::result::Result<Reply, ureq::Error> {
    let status = response.status().as_u16();
    let wait = response.headers().get("Retry-After").and_then(|value| value.to_str().ok());
    let retry_after = wait.and_then(|seconds| seconds.trim().parse().ok()).map(Duration::from_secs);
    let body = response.body_mut().with_config().limit(LONGEST_BODY).read_to_vec()?;
    Ok(Reply { status, body, retry_after })
}

fn after_sending(error: &ureq::Error) -> Kind {
    match error {
        ureq::Error::Timeout(_) => Kind::Timeout,
        ureq::Error::Io(error) if error.kind() != ErrorKind::InvalidData => Kind::Closed,
        _ => Kind::Broken,
    }
}

fn before_sending(error: &ureq::Error, proxied: bool) -> Kind {
    match error {
        ureq::Error::HostNotFound => Kind::Dns,
        ureq::Error::Rustls(_) | ureq::Error::Tls(_) | ureq::Error::Pem(_) => Kind::Tls,
        // A handshake that failed arrives as unreadable data.
        ureq::Error::Io(error) if error.kind() == ErrorKind::InvalidData => Kind::Tls,
        ureq::Error::ConnectProxyFailed(_) => Kind::Proxy,
        _ if proxied => Kind::Proxy,
        _ => Kind::Connect,
    }
}

fn proxy(wanted: &Proxy) -> Result<ureq::Proxy> {
    let (scheme, host) = wanted.server.split_once("://").unwrap_or(("http", &wanted.server));
    let bare = !host.is_empty() && !host.contains(['/', '@', ' ']);
    let protocol = ureq::ProxyProtocol::try_from(scheme).ok().filter(|_| bare);
    let built = protocol.and_then(|protocol| {
        let builder = ureq::Proxy::builder(protocol).host(host).port(wanted.port);
        let builder = match &wanted.login {
            Some((user, password)) => builder.username(user).password(password.reveal()),
            None => builder,
        };
        builder.build().ok()
    });
    built.ok_or_else(|| {
        Error::new(
            Code::Config,
            format!("адрес прокси «{}» не понят, ожидается имя или http://имя, socks5://имя", host),
            format!(
                "proxy address \"{host}\" not understood, expected name, http://name, socks5://name"
            ),
        )
    })
}

fn certificates(file: &std::path::Path) -> Result<Vec<Certificate<'static>>> {
    let bad = |ru: &str, en: &str| {
        let file = file.display();
        Error::new(Code::Config, format!("файл CA {file}: {ru}"), format!("CA file {file}: {en}"))
    };
    let text = std::fs::read(file).map_err(|error| {
        bad(&format!("не читается ({error})"), &format!("unreadable ({error})"))
    })?;
    let mut found = Vec::new();
    for item in parse_pem(&text) {
        match item {
            Ok(PemItem::Certificate(certificate)) => found.push(certificate),
            Ok(_) => {}
            Err(_) => return Err(bad("не PEM", "not PEM")),
        }
    }
    if found.is_empty() {
        return Err(bad("нет ни одного сертификата PEM", "holds no PEM certificate"));
    }
    Ok(found)
}

/// A moment `time` from now, far enough away where the sum does not fit.
fn moment_after(time: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(86_400 * 365);
    Instant::now() + time.min(FAR)
}
