//! Lists that are handed in, and lists of batches that are asked for.

use super::{Violation, not_over, optional, term, text};
use crate::{
    batch::{Batch, BatchState, Declared},
    import::{Kind, Mode, Options},
    listing::Door,
    proto,
    registry::{Meter, SubmitOrder},
};

/// Percent by which a full list may be shorter than the one it replaces, where nobody says otherwise.
const MAX_DROP_PERCENT: u8 = 20;
const BATCHES_MAX: usize = 1_000;

/// How a list is to be read.
pub(in crate::grpc::registry) fn list_options(order: &proto::BatchOrder) -> Result<Options, Violation> {
    let kind: Kind = term("kind", &order.kind)?;
    Ok(Options {
        door: optional("door", &order.door)?.unwrap_or_else(|| kind.default_door()),
        valid_until: optional("valid_until", &order.valid_until)?,
        operator: Some(order.operator.clone()).filter(|name| !name.is_empty()),
        mode: optional("mode", &order.mode)?.unwrap_or(Mode::Add),
        ..Options::new(kind)
    })
}

/// What goes with a list.
pub(in crate::grpc::registry) fn submit_order(order: &proto::BatchOrder) -> Result<SubmitOrder, Violation> {
    let lapses = not_over("lapses", &order.lapses)?;
    if order.planned == lapses.is_none() {
        let rule = "a plan names the last day on which it may be realised, and nothing else does";
        return Err(Violation::new("lapses", order.lapses.clone(), rule));
    }
    Ok(SubmitOrder {
        meter: Meter::default(),
        mode: optional("mode", &order.mode)?.unwrap_or(Mode::Add),
        document: text("document", order.document.clone())?,
        max_drop_percent: match order.max_drop_percent {
            0 => MAX_DROP_PERCENT,
            percent => u8::try_from(percent).unwrap_or(100).min(100),
        },
        declared: Declared {
            quantity: order.quantity,
            brand: text("brand", order.brand.clone())?,
            model: text("model", order.model.clone())?,
            planned: order.planned,
            lapses,
            ..Declared::default()
        },
    })
}

/// Which batches are asked for.
#[derive(Clone, Debug)]
pub(in crate::grpc::registry) struct BatchFilter {
    state: Option<BatchState>,
    door: Option<Door>,
    document: Option<String>,
    pub(in crate::grpc::registry) limit: usize,
    pub(in crate::grpc::registry) before: u64,
}

impl BatchFilter {
    pub(in crate::grpc::registry) fn of(request: &proto::ListBatchesRequest) -> Result<Self, Violation> {
        let state = match request.state.as_str() {
            "" => None,
            name => {
                let known = (1..=u8::MAX).map_while(BatchState::from_code).find(|state| state.name() == name);
                let rule = "a state is staged, submitted, active, suspended, withdrawn, rejected, expired, discarded or planned";
                Some(known.ok_or_else(|| Violation::new("state", super::shown(name), rule))?)
            }
        };
        Ok(Self {
            state,
            door: optional("door", &request.door)?,
            document: Some(request.document.clone()).filter(|document| !document.is_empty()),
            limit: if request.limit == 0 { 100 } else { (request.limit as usize).min(BATCHES_MAX) },
            before: if request.before == 0 { u64::MAX } else { request.before },
        })
    }

    pub(in crate::grpc::registry) fn wants(&self, batch: &Batch) -> bool {
        self.state.is_none_or(|state| batch.newest().1 == state)
            && self.door.is_none_or(|door| batch.header.door == door)
            && self.document.as_ref().is_none_or(|document| batch.header.document == *document)
    }
}
