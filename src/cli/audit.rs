//! `saring audit`: who looked at what, when and why; proof that the record is whole; what a breach exposed.

use super::{
    Exit, Failure, print,
    server::RegistryFlags,
    table::{lines, or, table},
};
use crate::{
    day,
    desk::{Rekeyed, rekey, verify_audit},
    grpc::AuditCaller,
    proto,
    store::{OpenMode, Store},
    tree::{Checkpoint, hash_text},
};
use serde_json::{Value, json};
use std::{fs, path::PathBuf};

/// The record of the desk.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  saring audit list --principal agnes --from 2026-11-01
  saring audit who 0812-3456-7890 --purpose \"the subscriber asks, letter 17\"
  saring audit verify > kept.json                       keep its checkpoint where nobody of the desk can reach it
  saring audit verify --kept kept.checkpoint --data DIR  without a server
  saring audit breach --principal agnes --from 2026-11-01 --to 2026-11-08 --purpose \"report 4/2026\" > pack.json
  saring audit rotate-key --data DIR --purpose \"letter 17\"
  saring audit rules set rules.toml --purpose \"retention by decree 3/2026\"

Numbers are masked; a breach pack has them in full, because whom it concerns must be told.")]
pub(super) struct AuditArgs {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    there: RegistryFlags,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum Action {
    /// Show entries, newest first
    List {
        /// Of this principal
        #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
        principal: String,
        /// Of this deed: lookup, reveal, who, breach, erased, rules, case, case-change, registration
        #[arg(long, value_name = "DEED", default_value = "", hide_default_value = true)]
        deed: String,
        #[command(flatten)]
        time: Time,
        /// In front of this entry
        #[arg(long, value_name = "SEQ", default_value_t = 0, hide_default_value = true)]
        before: u64,
        /// How many
        #[arg(short = 'n', long, value_name = "N", default_value_t = 20)]
        number: u32,
    },
    /// Show who looked at a number, or at a device
    Who {
        /// The number: 0812…, 62812…, or imsi-510…
        #[arg(required_unless_present = "imei", default_value = "", hide_default_value = true)]
        number: String,
        /// A device instead: IMEI, IMEISV or 14 digits
        #[arg(long, value_name = "IMEI", default_value = "", hide_default_value = true, conflicts_with = "number")]
        imei: String,
        /// What the answer is needed for
        #[arg(long, value_name = "TEXT")]
        purpose: String,
    },
    /// Verify that nothing in the record was altered, dropped or erased without saying so
    Verify {
        /// A checkpoint that was kept
        #[arg(long, value_name = "FILE")]
        kept: Option<PathBuf>,
        /// Directory of the register, without a server
        #[arg(long, value_name = "DIR", conflicts_with_all = ["server", "ca", "cert", "key", "token_file"])]
        data: Option<PathBuf>,
    },
    /// Export what a principal saw in a time, as JSON
    Breach {
        /// The principal
        #[arg(long, value_name = "NAME")]
        principal: String,
        /// From then on
        #[arg(long, value_name = "TIME", value_parser = day::moment)]
        from: i64,
        /// Before then
        #[arg(long, value_name = "TIME", value_parser = day::moment)]
        to: i64,
        /// What it is made for
        #[arg(long, value_name = "TEXT")]
        purpose: String,
    },
    /// Make a new key for the hashes of numbers, and write the record's index anew; no server may run
    RotateKey {
        /// Directory of the register
        #[arg(long, value_name = "DIR", conflicts_with_all = ["server", "ca", "cert", "key", "token_file"])]
        data: PathBuf,
        /// Why
        #[arg(long, value_name = "TEXT")]
        purpose: String,
    },
    /// Show or change the rules of the desk: how long personal values are kept
    Rules {
        #[command(subcommand)]
        action: Option<RulesAction>,
    },
}

#[derive(Clone, Debug, clap::Subcommand)]
enum RulesAction {
    /// Show the rules in force
    Show,
    /// Change them
    Set {
        /// The document (TOML)
        file: PathBuf,
        /// Why
        #[arg(long, value_name = "TEXT")]
        purpose: String,
    },
}

#[derive(Clone, Debug, clap::Args)]
struct Time {
    /// Not before: 2026-12-31, 2026-12-31T18:00 (WIB)
    #[arg(long, value_name = "TIME", value_parser = day::moment)]
    from: Option<i64>,
    /// Before
    #[arg(long, value_name = "TIME", value_parser = day::moment)]
    to: Option<i64>,
}

pub(super) fn run(args: &AuditArgs) -> Result<Exit, Failure> {
    let json = args.there.json;
    if let Action::Verify { kept, data: Some(data) } = &args.action {
        let kept = kept.as_ref().map(fs::read_to_string).transpose()?;
        let store = Store::open(data, OpenMode::Read)?;
        let desk = store.desk()?;
        let verified = verify_audit(&desk, kept.as_deref())?;
        return told(
            &proto::VerifyRecordResponse {
                size: verified.head.size,
                root: hash_text(&verified.head.root),
                values: verified.values,
                erased: verified.erased,
                checkpoint: desk.audit_checkpoint().as_ref().map(Checkpoint::note).unwrap_or_default().to_owned(),
                key: desk.audit_key().line().to_owned(),
            },
            json,
        );
    }
    if let Action::RotateKey { data, purpose } = &args.action {
        return rekeyed(&rekey(data, purpose)?, json);
    }
    let caller = AuditCaller::connect(&args.there.reach()?)?;
    match &args.action {
        Action::List { principal, deed, time, before, number } => {
            let request = proto::ListEntriesRequest {
                principal: principal.clone(),
                deed: deed.clone(),
                from_unix_s: time.from,
                to_unix_s: time.to,
                before: *before,
                limit: *number,
            };
            listed(&caller.list_entries(request)?.entries, json)
        }
        Action::Who { number, imei, purpose } => {
            let (number, imei, purpose) = (number.clone(), imei.clone(), purpose.clone());
            let request = proto::WhoLookedRequest { number, imei, purpose };
            listed(&caller.who_looked(request)?.entries, json)
        }
        // Done above, without a server.
        Action::RotateKey { .. } => Ok(Exit::Ok),
        Action::Verify { kept, .. } => {
            let kept = kept.as_ref().map(fs::read_to_string).transpose()?.unwrap_or_default();
            told(&caller.verify_record(proto::VerifyRecordRequest { kept })?, json)
        }
        Action::Breach { principal, from, to, purpose } => {
            let request = proto::BreachPackRequest {
                principal: principal.clone(),
                from_unix_s: *from,
                to_unix_s: *to,
                purpose: purpose.clone(),
            };
            print(&format!("{:#}", pack(&caller.make_breach_pack(request)?)))?;
            Ok(Exit::Ok)
        }
        Action::Rules { action } => {
            let rules = match action {
                None | Some(RulesAction::Show) => caller.get_desk_rules(proto::GetDeskRulesRequest {})?,
                Some(RulesAction::Set { file, purpose }) => {
                    let document = fs::read_to_string(file)?;
                    caller.set_desk_rules(proto::SetDeskRulesRequest { document, purpose: purpose.clone() })?
                }
            };
            print(rules.document.trim_end())?;
            Ok(Exit::Ok)
        }
    }
}

fn rekeyed(done: &Rekeyed, json: bool) -> Result<Exit, Failure> {
    let Rekeyed { version, entries, dropped, kept } = done;
    if json {
        let object = json!({"key": version, "entries": entries, "dropped_keys": dropped, "kept_keys": kept});
        print(&object.to_string())?;
        return Ok(Exit::Ok);
    }
    let kept: Vec<_> = kept.iter().map(ToString::to_string).collect();
    let stays = match kept.join(", ") {
        none if none.is_empty() => String::new(),
        some => format!("; {some} stay, because secrets of cases follow from them"),
    };
    print(&format!("key {version} counts; {entries} entries are found by it; {dropped} older keys are gone{stays}"))?;
    Ok(Exit::Ok)
}

fn told(verified: &proto::VerifyRecordResponse, json: bool) -> Result<Exit, Failure> {
    let proto::VerifyRecordResponse { size, root, values, erased, checkpoint, key } = verified;
    if json {
        let object = json!({
            "size": size, "root": root, "values": values, "erased": erased, "checkpoint": checkpoint, "key": key,
        });
        print(&object.to_string())?;
    } else {
        print(&lines(&[
            ("entries", format!("{size}, whole and in order")),
            ("values", format!("{values} as they were recorded, {erased} erased and on record as such")),
            ("root", root.clone()),
            ("key", key.clone()),
            ("checkpoint", checkpoint.clone()),
        ]))?;
    }
    Ok(Exit::Ok)
}

fn listed(entries: &[proto::AuditEntry], json: bool) -> Result<Exit, Failure> {
    if json {
        print(&Value::from(entries.iter().map(entry).collect::<Vec<_>>()).to_string())?;
        return Ok(Exit::Ok);
    }
    let rows: Vec<[String; 7]> = entries
        .iter()
        .map(|one| {
            let numbers: Vec<_> = one.subjects.iter().map(shown).collect();
            let text = if one.erased { "(erased)" } else { or(&one.text, &one.about) };
            let who = if one.operator.is_empty() {
                one.principal.clone()
            } else {
                format!("{} ({})", one.principal, one.operator)
            };
            let what = one.deed.clone();
            [
                one.seq.to_string(),
                time(one.time_unix_ms),
                who,
                what,
                text.to_owned(),
                numbers.join(" "),
                one.why.clone(),
            ]
        })
        .collect();
    print(&table(["entry", "time", "who", "what", "asked for", "numbers", "why"], &rows))?;
    Ok(Exit::Ok)
}

/// A number; `!` where it was shown, or known to who asked, in full.
fn shown(subject: &proto::AuditSubject) -> String {
    format!("{}{}", subject.number, if subject.in_full { "!" } else { "" })
}

fn time(unix_ms: i64) -> String {
    jiff::Timestamp::from_millisecond(unix_ms).map_or_else(|_| String::new(), |time| time.to_string())
}

fn entry(one: &proto::AuditEntry) -> Value {
    let subjects = one.subjects.iter().map(|subject| json!({"number": subject.number, "in_full": subject.in_full}));
    json!({
        "entry": one.seq,
        "time": time(one.time_unix_ms),
        "principal": one.principal,
        "operator": one.operator,
        "deed": one.deed,
        "about": one.about,
        "text": one.text,
        "purpose": one.why,
        "numbers": subjects.collect::<Vec<_>>(),
        "devices": one.devices,
        "erased": one.erased,
    })
}

fn pack(pack: &proto::BreachPack) -> Value {
    let subjects = pack.subjects.iter().map(|one| {
        json!({
            "kind": one.kind,
            "number": one.number,
            "first": time(one.first_unix_ms),
            "last": time(one.last_unix_ms),
            "times": one.times,
            "in_full": one.in_full,
        })
    });
    json!({
        "principal": pack.principal,
        "from": time(pack.from_unix_s.saturating_mul(1000)),
        "to": time(pack.to_unix_s.saturating_mul(1000)),
        "made_by": pack.made_by,
        "audit_entry": pack.audit_entry,
        "checkpoint": pack.checkpoint,
        "subjects": subjects.collect::<Vec<_>>(),
        "devices": pack.devices,
        "erased_before": pack.erased,
        "entries": pack.entries.iter().map(entry).collect::<Vec<_>>(),
    })
}
