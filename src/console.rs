//! The HTTP door of a node: figures for Prometheus, the two questions that an orchestrator asks, and the console for people.
//!
//! It runs on the side runtime, so neither figures nor pages ever make a check wait. `/healthz`: the process lives.
//! `/readyz`: 200 while checks are answered, 503 while the register is loaded and while the node drains. Everything else is a page
//! behind [`gate`], rendered here: it needs no script, no other server, and nothing of the internet.
//! What always holds: a page tells what a check and the service `Lookup` tell, by the same operations; no number and no
//! token stands in an address, a log or an error.

mod approvals;
mod breach;
mod calendars;
mod case;
mod cases;
mod desk;
mod device;
mod entry;
mod fields;
mod gate;
mod help;
mod ledger;
mod lockout;
mod number;
mod opening;
mod page;
mod paper;
mod people;
mod port;
mod preview;
mod proposals;
mod public;
mod public_page;
mod record;
mod registration;
mod registration_lists;
mod registrations;
mod reveal;
mod search;
mod sessions;
mod sign;
mod status;
#[cfg(test)]
mod tests;
mod verdict;
mod who;

use crate::{check::Checker, limits, metrics::Metrics, registry::Registry, tls::Tls};
use axum::{
    Router,
    extract::{DefaultBodyLimit, Path, State},
    http::{StatusCode, header},
    middleware,
    response::{IntoResponse, Response},
    routing::{MethodRouter, get, post},
};
use lockout::Lockout;
use sessions::Sessions;
use status::Counts;
use std::{
    io,
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::{
    net::TcpListener,
    sync::{Semaphore, watch},
};

/// How often recorded times are folded, so that they do not pile up while nobody reads the figures.
const UPKEEP: Duration = Duration::from_secs(5);
/// Bytes of a form.
const FORM_BYTES_MAX: usize = 64 * 1024;
/// Passwords that are looked at at a time: each takes 19 MiB and a core.
const PASSWORDS_MAX: usize = 2;
/// Previews at a time: each takes both cores for as long as a second and more.
const PREVIEWS_MAX: usize = 1;

/// How browsers see the console.
#[derive(Clone, Debug, Default)]
pub struct Site {
    /// Whether they come over TLS, which the door or a proxy before the node does.
    https: bool,
    /// Scheme, host and port that they use; none: the address of the door.
    origin: Option<String>,
}

impl Site {
    /// The site of the address that browsers use, where that is not the door's own.
    ///
    /// `tls`: the door speaks TLS itself.
    pub fn of(url: Option<&str>, tls: bool) -> Self {
        let origin = url.map(|url| url.trim_end_matches('/').to_ascii_lowercase());
        Self { https: tls || origin.as_deref().is_some_and(|origin| origin.starts_with("https://")), origin }
    }
}

/// What the console shows. Cloning copies references only.
#[derive(Clone)]
pub struct Console {
    checker: Checker,
    metrics: Metrics,
    draining: watch::Receiver<bool>,
    shared: Arc<Shared>,
}

struct Shared {
    site: Site,
    registry: OnceLock<Registry>,
    sessions: Sessions,
    lockout: Lockout,
    lookups: Arc<Semaphore>,
    passwords: Arc<Semaphore>,
    previews: Arc<Semaphore>,
    counts: Counts,
}

impl Console {
    /// A console whose register is still being loaded. `draining` becomes true when the node shuts down.
    pub fn new(checker: Checker, metrics: Metrics, draining: watch::Receiver<bool>, site: Site) -> Self {
        let shared = Shared {
            site,
            registry: OnceLock::new(),
            sessions: Sessions::default(),
            lockout: Lockout::default(),
            lookups: Arc::new(Semaphore::new(limits::LOOKUPS_MAX)),
            passwords: Arc::new(Semaphore::new(PASSWORDS_MAX)),
            previews: Arc::new(Semaphore::new(PREVIEWS_MAX)),
            counts: Counts::default(),
        };
        Self { checker, metrics, draining, shared: Arc::new(shared) }
    }

    /// Pages are answered from now on.
    pub fn open(&self, registry: Registry) {
        if self.shared.registry.set(registry).is_err() {
            tracing::warn!("the register was given twice; the first stays");
        }
    }

    /// Binds the address.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn bind(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
        let listener = TcpListener::bind(address).await?;
        let local = listener.local_addr()?;
        Ok((listener, local))
    }

    /// Serves until the future is dropped; within TLS, where it is given.
    ///
    /// # Errors
    /// When the listener breaks.
    pub async fn serve(self, listener: TcpListener, tls: Option<Tls>) -> io::Result<()> {
        let console = self.clone();
        let upkeep = async move {
            loop {
                tokio::time::sleep(UPKEEP).await;
                console.metrics.upkeep();
                console.counts().take(&console.metrics);
            }
        };
        let router = self.router().layer(middleware::from_fn(port::tell_address));
        let service = router.into_make_service_with_connect_info::<port::Peer>();
        let serving = async move {
            match tls {
                None => axum::serve(listener, service).await,
                Some(tls) => axum::serve(port::Port::new(listener, tls)?, service).await,
            }
        };
        tokio::select! {
            served = serving => served,
            () = upkeep => Ok(()),
        }
    }

    fn router(self) -> Router {
        let pages = pages().into_iter().fold(Router::new(), |router, (path, page)| router.route(path, page));
        let pages = pages
            .route_layer(middleware::from_fn_with_state(self.clone(), gate::gate))
            .layer(DefaultBodyLimit::max(FORM_BYTES_MAX));
        let door = public::Door::new(&self.checker, &self.metrics);
        Router::new()
            .route("/metrics", get(metrics))
            .route("/healthz", get(|| async { "alive\n" }))
            .route("/readyz", get(ready))
            .merge(pages)
            .merge(public_page::routes(&door))
            .fallback(gate::nowhere)
            .layer(middleware::map_response(gate::protect))
            .merge(public::routes(&door))
            .with_state(self)
    }

    fn registry(&self) -> Option<&Registry> {
        self.shared.registry.get()
    }

    fn site(&self) -> &Site {
        &self.shared.site
    }

    fn sessions(&self) -> &Sessions {
        &self.shared.sessions
    }

    fn lockout(&self) -> &Lockout {
        &self.shared.lockout
    }

    fn lookup_places(&self) -> Arc<Semaphore> {
        Arc::clone(&self.shared.lookups)
    }

    fn checker(&self) -> &Checker {
        &self.checker
    }

    fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    fn counts(&self) -> &Counts {
        &self.shared.counts
    }

    fn preview_places(&self) -> Arc<Semaphore> {
        Arc::clone(&self.shared.previews)
    }

    fn password_places(&self) -> Arc<Semaphore> {
        Arc::clone(&self.shared.passwords)
    }
}

impl std::fmt::Debug for Console {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Console").field("site", &self.shared.site).finish_non_exhaustive()
    }
}

/// Every page and form of the console. Each has a rule in [`crate::access::PAGES`].
fn pages() -> Vec<(&'static str, MethodRouter<Console>)> {
    vec![
        ("/static/{file}", get(file)),
        ("/sign-in", get(sign::form).post(sign::by_password)),
        ("/sign-in/token", post(sign::by_token)),
        ("/sign-out", post(sign::out)),
        ("/language", post(sign::language)),
        ("/account", get(sign::account).post(sign::set_password)),
        ("/account/token", post(people::rotate)),
        ("/", get(search::first)),
        ("/search", post(search::search)),
        ("/result/{id}", get(search::result)),
        ("/help", get(help::help)),
        ("/cases", get(cases::cases)),
        ("/cases/figures", get(cases::figures)),
        ("/case/{number}", get(case::case).post(case::change)),
        ("/open-case", get(opening::blank).post(opening::open)),
        ("/open-case/{id}", get(opening::about)),
        ("/reveal", post(reveal::reveal)),
        ("/who", get(who::form).post(who::ask)),
        ("/record", get(record::record)),
        ("/breach", get(breach::form).post(breach::export)),
        ("/registrations", get(registrations::counts)),
        ("/registrations/lists", get(registration_lists::lists)),
        ("/registrations/limit", get(registration_lists::limit)),
        ("/calendars", get(calendars::calendars)),
        ("/calendar/{number}", get(calendars::calendar)),
        ("/calendar/{number}/decide", post(calendars::decide)),
        ("/propose-calendar", get(calendars::blank).post(calendars::propose)),
        ("/approvals", get(approvals::approvals)),
        ("/batches", get(approvals::batches)),
        ("/batch/{number}", get(approvals::batch)),
        ("/batch/{number}/{step}", get(approvals::step).post(approvals::take)),
        ("/proposal/{number}", get(proposals::proposal).post(proposals::decide)),
        ("/journal", get(ledger::newest)),
        ("/journal/{last}", get(ledger::entries)),
        ("/status", get(status::status)),
        ("/principals", get(people::people)),
        ("/principal/{name}", get(people::person).post(people::change)),
        ("/add-principal", get(people::add_form).post(people::add)),
    ]
}

async fn metrics(State(console): State<Console>) -> impl IntoResponse {
    let headers = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (headers, console.metrics.render(&console.checker))
}

async fn ready(State(console): State<Console>) -> impl IntoResponse {
    let retry = [(header::RETRY_AFTER, limits::RETRY_WARMING.as_secs().to_string())];
    if *console.draining.borrow() {
        return (StatusCode::SERVICE_UNAVAILABLE, retry, "shutting down\n").into_response();
    }
    if !console.checker.is_ready() {
        return (StatusCode::SERVICE_UNAVAILABLE, retry, "loading the register\n").into_response();
    }
    "ready\n".into_response()
}

/// What pages load besides themselves; it lies in the program.
async fn file(Path(name): Path<String>) -> Response {
    let (kind, text) = match name.as_str() {
        "console.css" => ("text/css; charset=utf-8", include_str!("console/static/console.css")),
        "console.js" => ("text/javascript; charset=utf-8", include_str!("console/static/console.js")),
        "icon.svg" => ("image/svg+xml", include_str!("console/static/icon.svg")),
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    // A minute: a node that was upgraded serves new pages at once, and old styles would not fit them.
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "private, max-age=60")], text).into_response()
}
