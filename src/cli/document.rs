//! `saring document`: what batches rest on, with a quantity that they draw down.

use super::{
    Exit, Failure,
    change::{Reasoned, text},
    grouped,
    import::one_of,
    print, proposal,
    server::RegistryFlags,
    table::table,
};
use crate::{
    day::Day,
    listing::Door,
    proto::{self, propose_request},
};
use serde_json::{Value, json};

/// Documents of importers and makers.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  saring document add TPP-2026-0117 --door tpp-import --quantity 5000 --brand Aurora --holder \"PT Aurora\"
  saring proposal approve 14                            by an approver of the door
  saring document list")]
pub(super) struct DocumentArgs {
    #[command(subcommand)]
    verb: DocumentVerb,
    #[command(flatten)]
    there: RegistryFlags,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum DocumentVerb {
    /// Ask for a document to be registered; an approver of the door approves
    Add(AddArgs),
    /// Show every document, and what is drawn from it
    List,
}

#[derive(Clone, Debug, clap::Args)]
struct AddArgs {
    /// Its number
    number: String,
    /// The door that it is for
    #[arg(long, value_parser = one_of::<Door>(Door::ALL.iter().map(|door| door.name())), hide_possible_values = true)]
    door: Door,
    /// How many units it allows
    #[arg(long)]
    quantity: u64,
    /// The only brand that it allows
    #[arg(long, default_value = "", hide_default_value = true)]
    brand: String,
    /// The only model that it allows
    #[arg(long, default_value = "", hide_default_value = true)]
    model: String,
    /// Its last day (WIB, included)
    #[arg(long, value_name = "DATE")]
    valid_until: Option<Day>,
    /// Who holds it
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    holder: String,
    #[command(flatten)]
    why: Reasoned,
}

pub(super) fn run(args: &DocumentArgs) -> Result<Exit, Failure> {
    let there = &args.there;
    match &args.verb {
        DocumentVerb::Add(add) => {
            let order = proto::DocumentOrder {
                door: add.door.name().to_owned(),
                number: add.number.clone(),
                quantity: add.quantity,
                brand: add.brand.clone(),
                model: add.model.clone(),
                valid_until: text(add.valid_until.as_ref()),
                holder: add.holder.clone(),
            };
            let change = propose_request::Change::RegisterDocument(order);
            proposal::propose(there, &there.connect()?, &add.why, change, "an approver of the door")
        }
        DocumentVerb::List => {
            let all = there.connect()?.list_documents(proto::ListDocumentsRequest {})?.documents;
            let json = || Value::from(all.iter().map(as_json).collect::<Vec<_>>()).to_string();
            print(&if there.json { json() } else { listed(&all) })?;
            Ok(Exit::Ok)
        }
    }
}

fn listed(documents: &[proto::Document]) -> String {
    if documents.is_empty() {
        return "there are no documents".to_owned();
    }
    let rows: Vec<[String; 9]> = documents
        .iter()
        .map(|document| {
            let left = document.quantity.saturating_sub(document.drawn);
            [
                document.number.clone(),
                document.door.clone(),
                grouped(document.quantity),
                grouped(document.drawn),
                grouped(document.planned),
                grouped(left),
                document.valid_until.clone(),
                format!("{} {}", document.brand, document.model).trim().to_owned(),
                document.holder.clone(),
            ]
        })
        .collect();
    table(["document", "door", "quantity", "drawn", "planned", "left", "until", "brand", "holder"], &rows)
}

fn as_json(document: &proto::Document) -> Value {
    json!({
        "number": document.number,
        "door": document.door,
        "quantity": document.quantity,
        "drawn": document.drawn,
        "planned": document.planned,
        "brand": document.brand,
        "model": document.model,
        "valid_until": document.valid_until,
        "holder": document.holder,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_stand_in_a_table() {
        let document = proto::Document {
            door: "tpp-import".into(),
            number: "TPP-2026-0117".into(),
            quantity: 5000,
            drawn: 1200,
            planned: 200,
            brand: "Aurora".into(),
            ..proto::Document::default()
        };
        insta::assert_snapshot!(listed(&[document]), @r"
        document       door        quantity  drawn  planned   left  brand
        TPP-2026-0117  tpp-import     5,000  1,200      200  3,800  Aurora
        ");
    }
}
