//! Documents with a quantity, plans, and limits of the doors as data, over a real socket.

use crate::support::office::{Office, phone, refused, register, run, shown};
use saring::proto::{
    BatchOrder, Document, DocumentOrder, LimitsOrder, ListAlarmsRequest, ListDocumentsRequest, OperateRequest,
    RegisterOperation, SubmitBatchResponse, operate_request::Operation, propose_request::Change,
};
use tonic::{Code, Status};

const DOOR: &str = "tpp-import";

fn document(number: &str, quantity: u64) -> Change {
    Change::RegisterDocument(DocumentOrder {
        door: DOOR.into(),
        number: number.into(),
        quantity,
        brand: "Merdeka".into(),
        holder: "PT Maju".into(),
        ..DocumentOrder::default()
    })
}

/// An importer, its agency, and what they do.
struct Trade {
    office: Office,
    second: String,
    sari: String,
    agus: String,
}

impl Trade {
    async fn open() -> Self {
        let office = Office::open(register());
        let second = office.second_administrator().await;
        let sari = office.person(&second, "sari", "submitter", &[DOOR]).await;
        let agus = office.person(&second, "agus", "approver", &[DOOR]).await;
        Self { office, second, sari, agus }
    }

    /// Devices from a number on.
    async fn submit(
        &self,
        document: &str,
        first: u64,
        count: u64,
        lapses: &str,
    ) -> Result<SubmitBatchResponse, Status> {
        let order = BatchOrder {
            request_id: format!("shipment-{first}-{document}"),
            door: DOOR.into(),
            document: document.into(),
            planned: !lapses.is_empty(),
            lapses: lapses.into(),
            ..BatchOrder::default()
        };
        let rows: String = (first..first + count).map(|key| format!("{key}\n")).collect();
        self.office.hand_in(&self.sari, &format!("imei\n{rows}"), order).await
    }

    /// The batch of a list that is handed in.
    async fn batch(&self, document: &str, first: u64, count: u64, lapses: &str) -> u64 {
        self.submit(document, first, count, lapses).await.unwrap().batches[0]
    }

    async fn document(&self) -> Document {
        let mut client = self.office.client().await;
        let all = client.list_documents(shown(&self.agus, ListDocumentsRequest {})).await.unwrap().into_inner();
        all.documents[0].clone()
    }

    async fn drawn(&self) -> (u64, u64) {
        let document = self.document().await;
        (document.drawn, document.planned)
    }

    async fn reason(&self, key: u64) -> String {
        self.office.reason(&phone(key, 1)[0]).await
    }
}

#[test]
fn a_document_is_drawn_down_and_never_overdrawn() {
    run(async {
        let trade = Trade::open().await;
        let office = &trade.office;
        refused(
            trade.submit("TPP-1", 35_209_900_177_100, 1, "").await,
            Code::FailedPrecondition,
            "registered document",
        );
        refused(office.ask(&office.admin, document("TPP-1", 10)).await, Code::PermissionDenied, "door tpp-import");
        refused(office.ask(&trade.sari, document("TPP-1", 0)).await, Code::InvalidArgument, "quantity above 0");
        let asked = office.ask(&trade.sari, document("TPP-1", 10)).await.unwrap();
        refused(office.decide(&trade.sari, asked).await, Code::PermissionDenied, "approver");
        refused(office.decide(&office.admin, asked).await, Code::PermissionDenied, "door tpp-import");
        refused(
            trade.submit("TPP-1", 35_209_900_177_101, 1, "").await,
            Code::FailedPrecondition,
            "registered document",
        );
        office.decide(&trade.agus, asked).await.unwrap();
        assert_eq!((trade.document().await.quantity, trade.drawn().await), (10, (0, 0)));

        let six = trade.batch("TPP-1", 35_209_900_177_200, 6, "").await;
        let five = trade.batch("TPP-1", 35_209_900_177_300, 5, "").await;
        assert_eq!(trade.drawn().await, (0, 0), "what waits draws nothing");
        office.step(&trade.agus, "approve", six).await.unwrap();
        assert_eq!(trade.drawn().await, (6, 0));
        let said = office.step(&trade.agus, "approve", five).await;
        refused(said, Code::ResourceExhausted, "allows 10 units and 6 are drawn");
        assert_eq!(trade.reason(35_209_900_177_300).await, "NOT_REGISTERED");
        // What is suspended holds its place, what is withdrawn gives it back.
        office.step(&trade.agus, "suspend", six).await.unwrap();
        refused(office.step(&trade.agus, "approve", five).await, Code::ResourceExhausted, "overdraw");
        office.step(&trade.agus, "restore", six).await.unwrap();
        assert_eq!(trade.drawn().await, (6, 0));
        office.step(&trade.agus, "withdraw", six).await.unwrap();
        office.step(&trade.agus, "approve", five).await.unwrap();
        assert_eq!(trade.drawn().await, (5, 0));
        assert_eq!(trade.reason(35_209_900_177_300).await, "REGISTERED");
        let (register, _) = trade.office.close();
        register.digest();
    });
}

#[test]
fn a_plan_counts_against_the_document_and_is_registered_when_it_is_realised() {
    run(async {
        let trade = Trade::open().await;
        let office = &trade.office;
        let asked = office.ask(&trade.sari, document("TPP-1", 10)).await.unwrap();
        office.decide(&trade.agus, asked).await.unwrap();
        let no_plan = BatchOrder { planned: true, door: DOOR.into(), ..BatchOrder::default() };
        let no_plan = BatchOrder { request_id: "plan-without-a-day".into(), document: "TPP-1".into(), ..no_plan };
        refused(office.hand_in(&trade.sari, "imei\n", no_plan).await, Code::InvalidArgument, "lapses");

        let plan = trade.batch("TPP-1", 35_209_900_177_200, 7, "2099-12-31").await;
        let four = trade.batch("TPP-1", 35_209_900_177_300, 4, "").await;
        assert_eq!(office.step(&trade.agus, "approve", plan).await.unwrap().state, "planned");
        assert_eq!(trade.drawn().await.1, 7);
        assert_eq!(trade.reason(35_209_900_177_200).await, "NOT_REGISTERED", "planned is not registered");
        refused(office.step(&trade.agus, "approve", four).await, Code::ResourceExhausted, "7 are drawn");
        refused(office.step(&trade.agus, "suspend", plan).await, Code::FailedPrecondition, "is planned");
        refused(office.step(&trade.agus, "realise", four).await, Code::FailedPrecondition, "is submitted");
        refused(office.step(&trade.sari, "realise", plan).await, Code::PermissionDenied, "for approver");
        assert_eq!(office.step(&trade.agus, "realise", plan).await.unwrap().state, "active");
        assert_eq!(trade.reason(35_209_900_177_200).await, "REGISTERED");
        assert_eq!(trade.reason(35_209_900_177_206).await, "REGISTERED");
        assert_eq!(trade.drawn().await.1, 0);
        refused(office.step(&trade.agus, "approve", four).await, Code::ResourceExhausted, "7 are drawn");
        let (register, _) = trade.office.close();
        register.digest();
    });
}

#[test]
fn two_administrators_change_the_limits_of_the_doors() {
    run(async {
        let trade = Trade::open().await;
        let office = &trade.office;
        let clerk = office.person(&trade.second, "citra", "submitter", &["customs-parcel"]).await;
        let parcel = |key: u64, document: &str| {
            let operation = Operation::Register(RegisterOperation {
                door: "customs-parcel".into(),
                imeis: phone(key, 1),
                ..Default::default()
            });
            let order = OperateRequest { document: document.into(), ..OperateRequest::default() };
            office.operate_with(&clerk, order, operation)
        };
        refused(parcel(35_209_900_177_100, "").await, Code::InvalidArgument, "counts by consignment");
        parcel(35_209_900_177_100, "parcel-1").await.unwrap();
        parcel(35_209_900_177_101, "parcel-1").await.unwrap();
        refused(parcel(35_209_900_177_102, "parcel-1").await, Code::ResourceExhausted, "has brought 2 devices");
        parcel(35_209_900_177_102, "parcel-2").await.unwrap();

        let limits = |toml: &str| Change::ApplyLimits(LimitsOrder { toml: toml.into() });
        let three = "[door.customs-parcel]\ndevices_a_document = 3\nclerk_a_day = 4\n";
        refused(office.ask(&trade.sari, limits(three)).await, Code::PermissionDenied, "administrator");
        let wrong = limits("[door.customs-parcel]\ndevices_a_document = 0\n");
        refused(office.ask(&office.admin, wrong).await, Code::InvalidArgument, "customs-parcel is 0");
        let asked = office.ask(&office.admin, limits(three)).await.unwrap();
        refused(office.decide(&office.admin, asked).await, Code::PermissionDenied, "another person");
        refused(parcel(35_209_900_177_103, "parcel-1").await, Code::ResourceExhausted, "has brought 2 devices");
        office.decide(&trade.second, asked).await.unwrap();
        parcel(35_209_900_177_103, "parcel-1").await.unwrap();
        refused(parcel(35_209_900_177_104, "parcel-1").await, Code::ResourceExhausted, "today");
        refused(parcel(35_209_900_177_104, "parcel-3").await, Code::ResourceExhausted, "citra has made 4 entries");
        // A door that the document does not name keeps the built-in limits.
        refused(
            trade.submit("TPP-9", 35_209_900_177_200, 1, "").await,
            Code::FailedPrecondition,
            "registered document",
        );
    });
}

#[test]
fn single_registrations_are_held_against_the_past_and_told_of_once_a_day() {
    run(async {
        let office = Office::open(register());
        let second = office.second_administrator().await;
        let doors = ["customs-parcel"];
        let sari = office.person(&second, "sari", "submitter", &doors).await;
        let agus = office.person(&second, "agus", "approver", &doors).await;
        let paper = DocumentOrder { door: doors[0].into(), number: "AWB-1".into(), quantity: 1, ..Default::default() };
        let paper = office.ask(&sari, Change::RegisterDocument(paper)).await.unwrap();
        office.decide(&agus, paper).await.unwrap();
        let register = async |first: u64| {
            let imeis = phone(first, 2);
            let operation = RegisterOperation { door: doors[0].into(), imeis, ..Default::default() };
            let order = OperateRequest { document: "AWB-1".into(), ..OperateRequest::default() };
            office.operate_with(&sari, order, Operation::Register(operation)).await
        };
        register(35_209_900_176_400).await.unwrap();
        register(35_209_900_176_500).await.unwrap();
        let asked = shown(&office.admin, ListAlarmsRequest::default());
        let alarms = office.client().await.list_alarms(asked).await.unwrap().into_inner().alarms;
        let told: Vec<_> = alarms.iter().map(|alarm| alarm.kind.as_str()).collect();
        assert_eq!(told, ["OVER_QUOTA"], "{alarms:?}");
    });
}
