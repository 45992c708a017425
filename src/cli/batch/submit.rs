//! `saring batch submit`: a list goes to the server, with its SHA-256.

use super::view;
use crate::{
    cli::{
        Exit, Failure,
        change::{BadInput, Change, done, text},
        grouped,
        import::one_of,
        server::RegistryFlags,
    },
    day::Day,
    grpc::Transfer,
    import::{Kind, Mode, Progress, progress},
    listing::Door,
    proto,
};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Bytes that are read of the file at a time.
const BLOCK_BYTES: usize = 256 * 1024;

/// What is handed in.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct SubmitArgs {
    /// What the list holds
    #[arg(value_parser = one_of::<Kind>(Kind::ALL.iter().map(|kind| kind.name())))]
    kind: Kind,
    /// The list, as `saring import` reads it; a file, so that a broken transfer can go on
    file: PathBuf,
    /// Add to the door's list, replace it, or obey a change_type column
    #[arg(long, default_value = "add", value_parser = one_of::<Mode>(Mode::ALL.iter().map(|mode| mode.name())))]
    mode: Mode,
    /// The way by which the entries come [default: the usual one of the kind]
    #[arg(long, value_parser = one_of::<Door>(Door::ALL.iter().map(|door| door.name())), hide_possible_values = true)]
    door: Option<Door>,
    /// Document that the entries rest on
    #[arg(long, value_name = "REF", default_value = "", hide_default_value = true)]
    document: String,
    /// Operator of rows that name none of their own
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    operator: String,
    /// Last day (WIB, included) of rows that name none of their own
    #[arg(long, value_name = "DATE")]
    valid_until: Option<Day>,
    /// Units that are declared
    #[arg(long, value_name = "UNITS")]
    quantity: Option<u64>,
    /// Brand that is declared
    #[arg(long, default_value = "", hide_default_value = true)]
    brand: String,
    /// Model that is declared
    #[arg(long, default_value = "", hide_default_value = true)]
    model: String,
    /// The devices are yet to be made
    #[arg(long)]
    planned: bool,
    /// Last day of the plan
    #[arg(long, value_name = "DATE", requires = "planned")]
    lapses: Option<Day>,
    /// By how many percent a full list may be shorter than the one that it replaces [default: 20]
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u32).range(1..=100))]
    max_drop: Option<u32>,
    #[command(flatten)]
    change: Change,
}

pub(super) fn run(there: &RegistryFlags, args: &SubmitArgs) -> Result<Exit, Failure> {
    let path = &args.file;
    if !path.is_file() {
        let what = "hand in a file: what comes from a pipe cannot be sent again from the middle";
        return Err(BadInput(format!("{} is no file: {what}", path.display())).into());
    }
    let bar = progress::on_terminal();
    let sealed = seal(path, &*bar).map_err(|error| format!("{}: cannot be read: {error}", path.display()))?;
    let caller = there.connect()?;
    let bar: Arc<dyn Progress + Send + Sync> = progress::on_terminal().into();
    let sent: Arc<dyn Fn(u64) + Send + Sync> = {
        let bar = Arc::clone(&bar);
        Arc::new(move |bytes| bar.advance(bytes, 0))
    };
    bar.start(Some(sealed.0));
    let outcome = args.change.carry_out(|request_id| {
        let transfer = Transfer { order: order(args, request_id, &sealed), path: path.clone() };
        caller.submit_batch(&transfer, &sent)
    });
    bar.finish();
    let answer = outcome?;
    let more = json!({
        "batches": answer.batches,
        "rows": answer.rows,
        "accepted": answer.accepted,
        "rejected": answer.rejected,
        "duplicates": answer.repeated_rows,
        "added": answer.added,
        "removed": answer.removed,
        "unchanged": answer.unchanged,
        "rejects_sample": answer.rejects.iter().map(reject).collect::<Vec<_>>(),
        "alarms": answer.alarms.iter().map(view::alarm_json).collect::<Vec<_>>(),
    });
    done(there.json, &said(args, &answer), answer.receipt.as_ref(), more)
}

/// Size and SHA-256 of a file.
fn seal(path: &Path, progress: &dyn Progress) -> std::io::Result<(u64, Vec<u8>)> {
    let mut file = File::open(path)?;
    progress.start(Some(file.metadata()?.len()));
    let (mut sha256, mut size) = (Sha256::new(), 0);
    let mut block = vec![0; BLOCK_BYTES];
    loop {
        let read = file.read(&mut block)?;
        if read == 0 {
            break;
        }
        sha256.update(&block[..read]);
        size += read as u64;
        progress.advance(size, 0);
    }
    progress.finish();
    Ok((size, sha256.finalize().to_vec()))
}

fn order(args: &SubmitArgs, request_id: String, (size, sha256): &(u64, Vec<u8>)) -> proto::BatchOrder {
    let name = args.file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    proto::BatchOrder {
        request_id,
        kind: args.kind.name().to_owned(),
        mode: args.mode.name().to_owned(),
        door: text(args.door.as_ref()),
        document: args.document.clone(),
        operator: args.operator.clone(),
        valid_until: text(args.valid_until.as_ref()),
        quantity: args.quantity.unwrap_or_default(),
        brand: args.brand.clone(),
        model: args.model.clone(),
        planned: args.planned,
        lapses: text(args.lapses.as_ref()),
        file_name: name,
        size: *size,
        sha256: sha256.clone(),
        max_drop_percent: args.max_drop.unwrap_or_default(),
    }
}

fn reject(row: &proto::RejectedRow) -> String {
    let column = if row.column.is_empty() { String::new() } else { format!(", column {}", row.column) };
    format!("{} line {}{column}: {:?}: {}", row.file, row.line, row.value, row.reason)
}

fn said(args: &SubmitArgs, answer: &proto::SubmitBatchResponse) -> String {
    let is_again = answer.receipt.as_ref().is_some_and(|receipt| receipt.repeated);
    let mut lines = vec![match answer.batches.as_slice() {
        [batch] if is_again => format!("this request was carried out before, and made batch {batch}"),
        _ if is_again => "this request was carried out before".to_owned(),
        [] => "nothing new: no batch was made".to_owned(),
        [batch] => format!("batch {batch} waits for an approver: saring batch approve {batch}"),
        many => format!("batches {many:?} wait for approvers, one an operator: saring batch approve {}", many[0]),
    }];
    lines.push(format!(
        "rows         {} = {} accepted + {} rejected + {} duplicates",
        grouped(answer.rows),
        grouped(answer.accepted),
        grouped(answer.rejected),
        grouped(answer.repeated_rows)
    ));
    lines.push(format!(
        "{:<12} {} added, {} removed, {} in force already",
        args.kind.name(),
        grouped(answer.added),
        grouped(answer.removed),
        grouped(answer.unchanged)
    ));
    let rejects = answer.rejects.iter().map(reject);
    lines.extend(rejects.map(|reject| format!("rejected     {}", crate::cli::table::clean(&reject))));
    lines.extend(answer.alarms.iter().map(view::alarm));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        submit: SubmitArgs,
    }

    fn parse(line: &str) -> Result<SubmitArgs, String> {
        let words = std::iter::once("submit").chain(line.split(' '));
        Line::try_parse_from(words).map(|line| line.submit).map_err(|error| error.to_string())
    }

    #[test]
    fn arguments_become_an_order() {
        let line = "registered lists/a.csv --door tpp-import --document D-1 --quantity 100 --brand Aurora --planned \
                    --lapses 2027-03-31 --max-drop 5";
        let order = order(&parse(line).unwrap(), "r1".into(), &(3, vec![1; 32]));
        let expected = proto::BatchOrder {
            request_id: "r1".into(),
            kind: "registered".into(),
            mode: "add".into(),
            door: "tpp-import".into(),
            document: "D-1".into(),
            quantity: 100,
            brand: "Aurora".into(),
            planned: true,
            lapses: "2027-03-31".into(),
            file_name: "a.csv".into(),
            size: 3,
            sha256: vec![1; 32],
            max_drop_percent: 5,
            ..proto::BatchOrder::default()
        };
        assert_eq!(order, expected);
        for line in ["registered", "stollen a", "stolen a --max-drop 0", "registered a --lapses 2027-03-31"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }

    #[test]
    fn a_file_is_sealed_by_size_and_digest() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("list");
        std::fs::write(&path, vec![b'7'; BLOCK_BYTES + 1]).unwrap();
        let (size, sha256) = seal(&path, &progress::Silent).unwrap();
        assert_eq!((size, sha256), (BLOCK_BYTES as u64 + 1, Sha256::digest(vec![b'7'; BLOCK_BYTES + 1]).to_vec()));
    }

    #[test]
    fn the_report_names_batch_rows_and_alarms() {
        let answer = proto::SubmitBatchResponse {
            batches: vec![12],
            rows: 1001,
            accepted: 1000,
            rejected: 1,
            added: 2000,
            rejects: vec![proto::RejectedRow {
                file: "a.csv".into(),
                line: 7,
                column: "imei".into(),
                value: "35-2".into(),
                reason: "an IMEI is 14 to 16 digits".into(),
            }],
            alarms: vec![proto::Alarm {
                kind: "brand-mix".into(),
                what: "92 % of one brand".into(),
                ..proto::Alarm::default()
            }],
            ..proto::SubmitBatchResponse::default()
        };
        insta::assert_snapshot!(said(&parse("registered a.csv").unwrap(), &answer), @r#"
        batch 12 waits for an approver: saring batch approve 12
        rows         1,001 = 1,000 accepted + 1 rejected + 0 duplicates
        registered   2,000 added, 0 removed, 0 in force already
        rejected     a.csv line 7, column imei: "35-2": an IMEI is 14 to 16 digits
        ALARM        brand-mix: 92 % of one brand
        "#);
    }
}
