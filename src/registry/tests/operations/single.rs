//! Single operations in the small world: what the model does, held against the register.

use super::{Why, World, lists, model::Way};
use crate::{batch::BatchState, import::Mode, listing::Door, principal::Role, registry::Act};

impl World {
    pub(super) fn operate(&mut self) {
        let mut operation = lists::random_operation(&mut self.random, self.today);
        self.model.aim(&mut self.random, &mut operation);
        let is_lift = matches!(operation.act, Act::Lift { .. });
        let by_authority = is_lift && self.random.below(4) == 0;
        let name = match self.model.door_of(&operation.act) {
            Some(_) if by_authority => self.somebody(Role::Approver, Door::Barred),
            // Shops are named after their operators.
            Some(_) if is_lift && !operation.operator.is_empty() => format!("shop-{}", operation.operator),
            Some(door) => self.somebody(Role::Submitter, door),
            None => "clerk".to_owned(),
        };
        let mut hands = self.hands(&name);
        if self.model.door_of(&operation.act).is_none() {
            // What is about no batch has no door at which a request could be known.
            hands.request.clear();
        }
        self.story.push(format!("{name} does {operation:?}"));
        let mut against = self.model.against_operation(&name, &operation, self.today);
        let mut planned = None;
        if against.is_empty() {
            let operator = self.model.operator_of(&name, &operation.operator).unwrap();
            let list = self.model.list_of(&operation, &operator, self.today);
            let lifted_by = self.model.lifted_by(&name, &operation, &operator, list.door);
            let way = Way {
                mode: Mode::Add,
                document: operation.document.clone(),
                submitter: name,
                outlet: operation.outlet.clone(),
                is_single: lifted_by.is_none(),
                lifted_by,
                planned: false,
                lapses: None,
                state: if lifted_by.is_some() { BatchState::Submitted } else { BatchState::Active },
            };
            let (batches, missed) = self.model.difference(&list, &way);
            let is_empty = list.devices.is_empty() && list.removed.is_empty() && list.pairings.is_empty();
            let replaces = matches!(operation.act, Act::Pair { instead_of: Some(_), .. });
            if is_empty || missed > 0 && (batches.is_empty() || replaces) {
                against.insert(Why::NotFound);
            }
            planned = Some((list, way));
        }
        let done = self.registry.operate(&hands, &operation).map(|summary| {
            let repeated = summary.repeated;
            (summary, repeated)
        });
        if let Some(summary) = self.settle(name_of(&operation.act), &hands, &against, done) {
            let (list, way) = planned.unwrap();
            self.take_in(&hands, &list, &way, &summary);
        }
    }
}

fn name_of(act: &Act) -> &'static str {
    match act {
        Act::Report { .. } => "report",
        Act::Lift { .. } => "lift",
        Act::Register { .. } => "register",
        Act::Correct { .. } => "correct",
        Act::Pair { .. } => "pair",
        Act::Release { .. } => "release",
        Act::ReleaseNumber { .. } => "release a number",
        Act::Exempt { .. } => "exempt",
        Act::Suspect { .. } => "suspect",
        Act::Resolve { .. } => "resolve",
    }
}
