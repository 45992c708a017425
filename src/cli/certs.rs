//! `saring certs`: certificates for development.

use super::{Exit, Failure, print};
use crate::certs::{self, Certificates, CertsError, Pair};
use std::path::{Path, PathBuf};

/// What is done with certificates.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Example:
  saring certs init --dir certs --operator telkomsel --operator xl")]
pub(super) struct CertsArgs {
    #[command(subcommand)]
    verb: CertsVerb,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum CertsVerb {
    /// Make an authority, the node's certificate and one for each operator: for development
    Init(InitArgs),
}

/// Where, and for whom.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  saring certs init --dir certs --operator telkomsel --operator xl
  saring certs init --dir certs --name eir.example --name 10.1.2.3 --json
  saring certs init --dir certs --operator indosat      adds one to what is there

Nothing is overwritten. The authority's key lies in the same directory: for development, not for
a register that people depend on.")]
struct InitArgs {
    /// Directory of the certificates; made if it is missing
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// A further name or address of the node, beside localhost, 127.0.0.1 and ::1
    #[arg(long, value_name = "HOST")]
    name: Vec<String>,
    /// An operator whose network elements get a client certificate
    #[arg(long, value_name = "NAME")]
    operator: Vec<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &CertsArgs) -> Result<Exit, Failure> {
    let CertsVerb::Init(args) = &args.verb;
    let made = match certs::init(&args.dir, &args.name, &args.operator) {
        Ok(made) => made,
        Err(error @ CertsError::Name { .. }) => {
            eprintln!("saring: {error}");
            return Ok(Exit::BadInput);
        }
        Err(error) => return Err(error.into()),
    };
    print(&if args.json { serde_json::to_string(&made)? } else { text(&made) })?;
    Ok(Exit::Ok)
}

fn text(made: &Certificates) -> String {
    let Certificates { ca, server, operators } = made;
    let line = |what: &str, pair: &Pair| {
        let done = if pair.made { "made" } else { "kept" };
        format!("{done}  {what:<24} {}  {}\n", pair.cert.display(), pair.key.display())
    };
    let mut text = line("authority", ca) + &line("node", server);
    for pair in operators {
        text += &line(&format!("operator {}", pair.name), pair);
    }
    let shown = |path: &Path| path.display().to_string();
    text += &format!(
        "\nFor development only: whoever reads {} can be any operator.\n\nServe with them:\n  saring serve --data DIR \
         --tls-cert {} --tls-key {} --tls-client-ca {}\n",
        shown(&ca.key),
        shown(&server.cert),
        shown(&server.key),
        shown(&ca.cert)
    );
    match operators.first() {
        Some(pair) => {
            text += &format!(
                "Ask as {}:\n  saring check IMEI --server https://localhost:7400 --ca {} --cert {} --key {}",
                pair.name,
                shown(&ca.cert),
                shown(&pair.cert),
                shown(&pair.key)
            );
        }
        None => text += "No client has a certificate yet: add --operator NAME.",
    }
    text
}
