//! The HTTP door of a node: figures for Prometheus, and the two questions that an orchestrator asks.
//!
//! It runs on the side runtime, so reading figures never makes a check wait. `/healthz`: the process lives.
//! `/readyz`: 200 while checks are answered, 503 while the register is loaded and while the node drains.

mod public;

use crate::{check::Checker, limits, metrics::Metrics};
use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
    routing::get,
};
use std::{io, net::SocketAddr, time::Duration};
use tokio::{net::TcpListener, sync::watch};

/// How often recorded times are folded, so that they do not pile up while nobody reads the figures.
const UPKEEP: Duration = Duration::from_secs(5);

/// What the console shows.
#[derive(Clone, Debug)]
pub struct Console {
    /// The read path.
    pub checker: Checker,
    /// The figures.
    pub metrics: Metrics,
    /// Becomes true when the node shuts down.
    pub draining: watch::Receiver<bool>,
}

impl Console {
    /// Binds the address.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn bind(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
        let listener = TcpListener::bind(address).await?;
        let local = listener.local_addr()?;
        Ok((listener, local))
    }

    /// Serves until the future is dropped.
    ///
    /// # Errors
    /// When the listener breaks.
    pub async fn serve(self, listener: TcpListener) -> io::Result<()> {
        let metrics = self.metrics.clone();
        let upkeep = async move {
            loop {
                tokio::time::sleep(UPKEEP).await;
                metrics.upkeep();
            }
        };
        let service = self.router().into_make_service_with_connect_info::<SocketAddr>();
        tokio::select! {
            served = axum::serve(listener, service) => served,
            () = upkeep => Ok(()),
        }
    }

    fn router(self) -> Router {
        Router::new()
            .route("/metrics", get(metrics))
            .route("/healthz", get(|| async { "alive\n" }))
            .route("/readyz", get(ready))
            .merge(public::routes(&self.checker, &self.metrics))
            .with_state(self)
    }
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
