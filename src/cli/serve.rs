//! `saring serve`: answers checks until it is told to stop.

use crate::{
    config::NodeConfig,
    metrics::Metrics,
    serve::{self, LoadError, Loaded, ServeError},
};
use std::io::Write;

/// Serves the register that `load` opens, until SIGTERM or SIGINT; prints one line when the doors are open and
/// checks are answered.
///
/// # Errors
/// When the doors cannot be opened or the register cannot be loaded.
pub fn serve(
    config: &NodeConfig,
    load: impl FnOnce(&Metrics) -> Result<Loaded, LoadError> + Send + 'static,
) -> Result<(), ServeError> {
    serve::run(config, load, |node, revision| {
        let line = format!(
            "saring serves gRPC on {}, HTTP on http://{}, revision {revision}",
            node.grpc_addr(),
            node.http_addr()
        );
        // Whoever started the node may have closed its standard output: it serves all the same.
        let _ = writeln!(std::io::stdout(), "{line}");
        tracing::info!(
            grpc = %node.grpc_addr(), http = %node.http_addr(), %revision, runtimes = config.runtimes(), "ready"
        );
    })
}
