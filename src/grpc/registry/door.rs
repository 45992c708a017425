//! The door itself: an address, connections, and the service behind the doorkeeper.

use super::{Doorkeeper, RegistryService};
use crate::{
    grpc::{
        audit::AuditService,
        cases::CasesService,
        desk::Desks,
        incoming::{DoorConfig, Incoming},
        lookup::LookupService,
        registration::RegistrationService,
        server::{GrpcError, transport},
    },
    limits,
    metrics::Metrics,
    proto::{
        self, audit_server::AuditServer, cases_server::CasesServer, lookup_server::LookupServer,
        registration_server::RegistrationServer, registry_server::RegistryServer,
    },
    registry::Registry,
};
use std::{
    convert::Infallible,
    future::pending,
    net::SocketAddr,
    path::Path,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
};
use tokio::{runtime::Handle, sync::watch, task::JoinHandle};
use tonic::{
    body::Body,
    codegen::{BoxFuture, Service},
};

const REGISTRY_PREFIX: &str = "/saring.v1.Registry/";
const LOOKUP_PREFIX: &str = "/saring.v1.Lookup/";
const AUDIT_PREFIX: &str = "/saring.v1.Audit/";
const REGISTRATION_PREFIX: &str = "/saring.v1.Registration/";
const CASES_PREFIX: &str = "/saring.v1.Cases/";

/// The open door. Dropping it does not close it: [`RegistryDoor::stop`] does.
pub struct RegistryDoor {
    local: SocketAddr,
    registry: Arc<OnceLock<Registry>>,
    stop: watch::Sender<bool>,
    served: JoinHandle<()>,
}

impl RegistryDoor {
    /// Binds the address; every call is answered UNAVAILABLE until [`RegistryDoor::open`]. Backups are made below
    /// `backups`.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub fn start(config: &DoorConfig, backups: &Path, metrics: &Metrics, side: &Handle) -> Result<Self, GrpcError> {
        let incoming = Incoming::bind(config, metrics, side)?;
        let local = incoming.local_addr();
        let registry = Arc::new(OnceLock::new());
        let (stop, mut stopped) = watch::channel(false);
        let service = RegistryServer::new(RegistryService::new(Arc::clone(&registry), backups))
            .max_decoding_message_size(limits::MESSAGE_BYTES_MAX);
        let reflection = tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(proto::FILE_DESCRIPTOR_SET)
            .build_v1()
            .map_err(GrpcError::Reflection)?;
        let desks = Desks::new(Arc::clone(&registry));
        let lookup =
            LookupServer::new(LookupService::new(desks.clone())).max_decoding_message_size(limits::MESSAGE_BYTES_MAX);
        let cases =
            CasesServer::new(CasesService::new(desks.clone())).max_decoding_message_size(limits::MESSAGE_BYTES_MAX);
        let audit = AuditServer::new(AuditService::new(desks)).max_decoding_message_size(limits::MESSAGE_BYTES_MAX);
        let registration = RegistrationServer::new(RegistrationService::new(Arc::clone(&registry)))
            .max_decoding_message_size(limits::MESSAGE_BYTES_MAX);
        let services = Services {
            registry: Doorkeeper::new(service, Arc::clone(&registry)),
            lookup: Doorkeeper::new(lookup, Arc::clone(&registry)),
            audit: Doorkeeper::new(audit, Arc::clone(&registry)),
            cases: Doorkeeper::new(cases, Arc::clone(&registry)),
            registration: Doorkeeper::new(registration, Arc::clone(&registry)),
            reflection,
        };
        let served = side.spawn(async move {
            let connections = incoming.connections(async move {
                // When the door is gone nobody stops it any more: then it stops.
                let _ = stopped.wait_for(|stopped| *stopped).await;
            });
            let served = transport().serve_with_incoming_shutdown(services, connections, pending()).await;
            if let Err(error) = served {
                tracing::error!(%error, "the Registry door broke");
            }
        });
        Ok(Self { local, registry, stop, served })
    }

    /// The address that was bound.
    pub const fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// Calls are answered from now on.
    pub fn open(&self, registry: Registry) {
        if self.registry.set(registry).is_err() {
            tracing::warn!("the register was given twice; the first stays");
        }
    }

    /// Stops accepting; what was accepted is finished. The handle ends when it is.
    pub fn stop(self) -> JoinHandle<()> {
        self.stop.send_replace(true);
        self.served
    }
}

/// The services Registry, Lookup, Audit, Cases and Registration, and reflection.
#[derive(Clone)]
struct Services<S, L, A, C, G, R> {
    registry: S,
    lookup: L,
    audit: A,
    cases: C,
    registration: G,
    reflection: R,
}

impl<S, L, A, C, G, R> Service<http::Request<Body>> for Services<S, L, A, C, G, R>
where
    G: Service<http::Request<Body>, Future = BoxFuture<http::Response<Body>, Infallible>>,
    C: Service<http::Request<Body>, Future = BoxFuture<http::Response<Body>, Infallible>>,
    A: Service<http::Request<Body>, Future = BoxFuture<http::Response<Body>, Infallible>>,
    L: Service<http::Request<Body>, Future = BoxFuture<http::Response<Body>, Infallible>>,
    S: Service<http::Request<Body>, Future = BoxFuture<http::Response<Body>, Infallible>>,
    R: Service<http::Request<Body>, Future = BoxFuture<http::Response<Body>, Infallible>>,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<http::Response<Body>, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        if request.uri().path().starts_with(REGISTRY_PREFIX) {
            self.registry.call(request)
        } else if request.uri().path().starts_with(LOOKUP_PREFIX) {
            self.lookup.call(request)
        } else if request.uri().path().starts_with(AUDIT_PREFIX) {
            self.audit.call(request)
        } else if request.uri().path().starts_with(CASES_PREFIX) {
            self.cases.call(request)
        } else if request.uri().path().starts_with(REGISTRATION_PREFIX) {
            self.registration.call(request)
        } else {
            // Reflection answers any path that nobody knows with UNIMPLEMENTED.
            self.reflection.call(request)
        }
    }
}
