//! How a connection is made and watched. ureq's own chain is kept, with three links of ours:
//! names are resolved in the calling thread, connecting and reading happen in short slices between
//! which the call's [`Stop`] is asked, and the first byte of a request is noticed.
//!
//! A connection outlives the call that opened it (keep-alive), so the links do not hold a `Stop`.
//! They find the one of the call that runs in their thread.

use std::collections::HashMap;
use std::net::ToSocketAddrs;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::ThreadId;
use std::time::{Duration, Instant};

use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    Buffers, ConnectProxyConnector, ConnectionDetails, Connector, NextTimeout, RustlsConnector,
    SocksConnector, TcpConnector, Transport,
};

use super::moment_after;
use crate::stop::Stop;

/// How long a cancel may stay unnoticed while nothing arrives.
const READ_SLICE: Duration = Duration::from_millis(200);

/// The same while a connection is being made. A slower handshake than this is not waited for, it is
/// begun again.
const CONNECT_SLICE: Duration = Duration::from_secs(1);

/// The connections of an agent: SOCKS or CONNECT proxy, TCP, TLS, and our links between.
pub(super) fn connector(watch: &Watch, proxied: bool) -> impl Connector<Out = impl Transport> {
    ().chain(SocksConnector::default())
        .chain(ConnectProxyConnector::default())
        .chain(Sliced { watch: watch.clone() })
        .chain(Tls::default())
        .chain(Marked { watch: watch.clone(), proxied })
}

/// The calls under way, one per thread at most.
#[derive(Debug, Clone, Default)]
pub(super) struct Watch(Arc<Mutex<HashMap<ThreadId, Seen>>>);

#[derive(Debug)]
struct Seen {
    stop: Stop,
    sent: bool,
}

/// A call under way; leaves the [`Watch`] with its end.
pub(super) struct Entered<'a>(&'a Watch);

impl Watch {
    /// Begins the calling thread's call.
    pub(super) fn enter(&self, stop: &Stop) -> Entered<'_> {
        self.with(|calls, me| calls.insert(me, Seen { stop: stop.clone(), sent: false }));
        Entered(self)
    }

    fn with<T>(&self, what: impl FnOnce(&mut HashMap<ThreadId, Seen>, ThreadId) -> T) -> T {
        let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        what(&mut calls, std::thread::current().id())
    }

    fn stopped(&self) -> bool {
        self.with(|calls, me| calls.get(&me).is_some_and(|seen| seen.stop.reason().is_some()))
    }

    fn mark_sent(&self) {
        self.with(|calls, me| {
            if let Some(seen) = calls.get_mut(&me) {
                seen.sent = true;
            }
        });
    }
}

impl Entered<'_> {
    /// Whether anything of the request has left.
    pub(super) fn sent(&self) -> bool {
        self.0.with(|calls, me| calls.get(&me).is_some_and(|seen| seen.sent))
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.0.with(|calls, me| calls.remove(&me));
    }
}

/// Resolves names in the calling thread. ureq's own resolver leaves a thread behind on a timeout,
/// and no thread of ours may outlive a call.
#[derive(Debug)]
pub(super) struct HereResolver;

impl Resolver for HereResolver {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        _: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let parts = uri.scheme().zip(uri.authority());
        let address =
            parts.and_then(|(scheme, authority)| DefaultResolver::host_and_port(scheme, authority));
        let address = address.ok_or_else(|| Error::BadUri(uri.to_string()))?;
        let found = address.to_socket_addrs().map_err(|_| Error::HostNotFound)?;
        let mut kept = self.empty();
        for one in config.ip_family().keep_wanted(found).take(16) {
            kept.push(one);
        }
        if kept.is_empty() { Err(Error::HostNotFound) } else { Ok(kept) }
    }
}

/// Opens the TCP connection where no proxy has, and slices what is read from it.
#[derive(Debug)]
struct Sliced {
    watch: Watch,
}

impl<In: Transport> Connector<In> for Sliced {
    type Out = SlicedTransport<<TcpConnector as Connector<In>>::Out>;

    fn connect(
        &self,
        details: &ConnectionDetails,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        let inner = match chained {
            Some(ready) => TcpConnector::default().connect(details, Some(ready))?,
            None => self.dial(details)?,
        };
        Ok(inner.map(|inner| SlicedTransport { watch: self.watch.clone(), inner }))
    }
}

impl Sliced {
    /// Tries the addresses in turn, each for a slice, until one answers or the time is over.
    fn dial<In: Transport>(
        &self,
        details: &ConnectionDetails,
    ) -> Result<Option<<TcpConnector as Connector<In>>::Out>, Error> {
        let end = moment_after(*details.timeout.after);
        let mut refused = None;
        loop {
            let mut waiting = false;
            for address in &details.addrs {
                let left = end.saturating_duration_since(Instant::now());
                if left.is_zero() || self.watch.stopped() {
                    return Err(refused.unwrap_or(Error::Timeout(details.timeout.reason)));
                }
                let mut only = details.resolver.empty();
                only.push(*address);
                let timeout = lasting(details.timeout, left.min(CONNECT_SLICE));
                let attempt = with(details, only, timeout);
                match TcpConnector::default().connect(&attempt, None::<In>) {
                    Err(Error::Timeout(_)) => waiting = true,
                    Err(Error::Io(error)) => refused = Some(Error::Io(error)),
                    done => return done,
                }
            }
            if !waiting {
                return Err(refused.unwrap_or(Error::HostNotFound));
            }
        }
    }
}

#[derive(Debug)]
struct SlicedTransport<T> {
    watch: Watch,
    inner: T,
}

impl<T: Transport> Transport for SlicedTransport<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        if self.watch.stopped() {
            return Err(Error::Timeout(timeout.reason));
        }
        self.inner.transmit_output(amount, timeout)
    }

    /// A read that timed out has taken nothing from the socket, so it can simply be repeated.
    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let end = moment_after(*timeout.after);
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || self.watch.stopped() {
                return Err(Error::Timeout(timeout.reason));
            }
            match self.inner.await_input(lasting(timeout, left.min(READ_SLICE))) {
                Err(Error::Timeout(_)) => {}
                done => return done,
            }
        }
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}

/// TLS whose settings are built once. ureq builds them again for every connection of a request that
/// has own timeouts, as all of ours have.
#[derive(Debug, Default)]
struct Tls(RustlsConnector);

impl<In: Transport> Connector<In> for Tls {
    type Out = <RustlsConnector as Connector<In>>::Out;

    fn connect(
        &self,
        details: &ConnectionDetails,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        self.0.connect(&with(details, details.addrs.clone(), details.timeout), chained)
    }
}

/// Notices when a request begins to leave: what fails before has surely changed nothing.
#[derive(Debug)]
struct Marked {
    watch: Watch,
    proxied: bool,
}

impl<In: Transport> Connector<In> for Marked {
    type Out = MarkedTransport<In>;

    fn connect(
        &self,
        details: &ConnectionDetails,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        // The connection to a CONNECT proxy runs through the whole chain as well, with a
        // configuration that has no proxy. What is sent there is not the request.
        let outermost = details.config.proxy().is_some() == self.proxied;
        let watch = outermost.then(|| self.watch.clone());
        Ok(chained.map(|inner| MarkedTransport { watch, inner }))
    }
}

#[derive(Debug)]
struct MarkedTransport<T> {
    watch: Option<Watch>,
    inner: T,
}

impl<T: Transport> Transport for MarkedTransport<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        if let Some(watch) = &self.watch {
            watch.mark_sent();
        }
        self.inner.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.inner.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}

fn lasting(mut timeout: NextTimeout, time: Duration) -> NextTimeout {
    timeout.after = time.into();
    timeout
}

fn with<'a>(
    details: &ConnectionDetails<'a>,
    addrs: ResolvedSocketAddrs,
    timeout: NextTimeout,
) -> ConnectionDetails<'a> {
    ConnectionDetails {
        uri: details.uri,
        addrs,
        config: details.config,
        request_level: false,
        resolver: details.resolver,
        now: details.now,
        timeout,
        current_time: details.current_time.clone(),
        run_connector: details.run_connector.clone(),
        register_shutdown: details.register_shutdown.clone(),
    }
}
