//! A real node on free ports of this machine, with a small register in real hot sets.

use saring::{
    check::{
        Checker, Clock, EvidenceKind, EvidenceLine, EvidenceState, Explain, ExplainError, Explanation, Inquiry,
        PairingLine,
    },
    config::NodeConfig,
    day::Day,
    hot::{Builder, HotSets, Published, SubscriberEntry},
    identity::{EquipmentKey, Imsi, Msisdn},
    listing::{Class, Door, Mark},
    metrics::Metrics,
    page::{PageContent, PageId},
    pairing::{Pair, PairingKind},
    policy::settings::Timeline,
    proto::equipment_check_client::EquipmentCheckClient,
    revision::Revision,
    serve::{Loaded, Node, ServeError, Stopper},
};
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::{Arc, mpsc},
    thread,
};
use tonic::transport::Channel;

pub const TAC: u64 = 35_000_001_000_000;
pub const REGISTERED: u64 = TAC + 1;
pub const STOLEN: u64 = TAC + 7;
pub const TEMPORARY: u64 = TAC + 200;
pub const PAIRED: u64 = TAC + 300;
pub const GRANDFATHERED: u64 = TAC + 400;
pub const UNLISTED: u64 = TAC + 500;
pub const MSISDN: u64 = 6_281_234_567_890;
pub const OTHER_MSISDN: u64 = 6_281_111_111_111;
pub const IMSI: u64 = 510_101_234_567_890;
pub const REVISION: Revision = Revision { epoch: 3, seq: 41 };

pub fn last_day() -> Day {
    "2140-12-31".parse().unwrap()
}

/// Registered 0 to 99, and one device of each kind above.
pub fn sets() -> HotSets {
    let key = |number| EquipmentKey::new(number).unwrap();
    let place = |number| PageId::place(key(number));
    let msisdn = Msisdn::new(MSISDN).unwrap();
    let mut page = PageContent::default();
    (0..100).filter(|place| u64::from(*place) + TAC != STOLEN).for_each(|place| {
        page.registered.insert(place);
    });
    page.grandfathered.insert(place(GRANDFATHERED));
    page.marks = vec![
        (place(STOLEN), Mark::new(Class::Stolen, Door::Stolen)),
        (place(TEMPORARY), Mark::new(Class::Registered, Door::State).with_until(Some(last_day()))),
    ];
    page.pairs = vec![(place(PAIRED), Pair::allowance(msisdn.into()))];
    let mut builder = Builder::new();
    builder.page(PageId::of(key(TAC)), page).unwrap();
    builder.subscriber(Imsi::from_number(IMSI).unwrap(), SubscriberEntry { msisdn }).unwrap();
    builder.finish(REVISION, Arc::new(Timeline::default()))
}

/// Explains from memory: enough to see each field cross the wire.
pub struct MemoryExplain(pub Checker);

impl Explain for MemoryExplain {
    fn explain(
        &self,
        inquiry: &Inquiry,
        operator: Option<&str>,
        _when: saring::check::When,
    ) -> Result<Explanation, ExplainError> {
        let answer = self.0.check(inquiry, operator)?;
        let msisdn = Msisdn::new(MSISDN).unwrap();
        Ok(Explanation {
            answer,
            key: EquipmentKey::new(PAIRED).ok(),
            evidence: vec![EvidenceLine {
                kind: EvidenceKind::Pairing,
                class: "allowance".into(),
                door: "operator".into(),
                batch: 12,
                document: "BA-7".into(),
                valid_until: Some(last_day()),
                state: EvidenceState::Valid,
                decisive: true,
            }],
            pairings: vec![PairingLine {
                kind: PairingKind::Allowance,
                number: msisdn.into(),
                door: String::new(),
                batch: 12,
                valid_until: None,
                asked: true,
            }],
            linked: vec![EquipmentKey::new(REGISTERED).unwrap()],
            model: None,
            history: Vec::new(),
        })
    }
}

pub struct TestNode {
    pub grpc: SocketAddr,
    pub http: SocketAddr,
    pub stopper: Stopper,
    pub metrics: Metrics,
    ready: mpsc::Receiver<()>,
    thread: thread::JoinHandle<Result<(), ServeError>>,
}

impl TestNode {
    /// A node that is ready.
    pub fn ready() -> Self {
        Self::with(|_| {})
    }

    pub fn with(change: impl FnOnce(&mut NodeConfig)) -> Self {
        let node = Self::loading(change, || Ok(()));
        node.ready.recv().unwrap();
        node
    }

    /// A node that loads its register until `gate` returns.
    pub fn loading(
        change: impl FnOnce(&mut NodeConfig),
        gate: impl FnOnce() -> Result<(), saring::serve::LoadError> + Send + 'static,
    ) -> Self {
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut config =
            NodeConfig { listen: free, http: free, threads: 2, drain_seconds: 20, ..NodeConfig::default() };
        change(&mut config);
        let (started, starts) = mpsc::channel();
        let (tell, ready) = mpsc::channel();
        let thread = thread::spawn(move || {
            let node = Node::start(&config, move |_| {
                gate()?;
                let sets = Arc::new(Published::new(sets()));
                let explain = MemoryExplain(Checker::new(Arc::clone(&sets), Clock::system()?));
                Ok(Loaded { sets, explain: Arc::new(explain), registry: None })
            })?;
            started.send((node.grpc_addr(), node.http_addr(), node.stopper(), node.metrics().clone())).unwrap();
            node.run(|_, revision| {
                assert_eq!(revision, REVISION);
                tell.send(()).unwrap();
            })
        });
        let (grpc, http, stopper, metrics) = starts.recv().unwrap();
        Self { grpc, http, stopper, metrics, ready, thread }
    }

    pub fn wait_ready(&self) {
        self.ready.recv().unwrap();
    }

    pub async fn channel(&self) -> Channel {
        Channel::from_shared(format!("http://{}", self.grpc)).unwrap().connect().await.unwrap()
    }

    pub async fn client(&self) -> EquipmentCheckClient<Channel> {
        EquipmentCheckClient::new(self.channel().await)
    }

    /// Status line and body of one HTTP request.
    pub fn get(&self, path: &str) -> (u16, String) {
        let mut socket = TcpStream::connect(self.http).unwrap();
        write!(socket, "GET {path} HTTP/1.1\r\nHost: node\r\nConnection: close\r\n\r\n").unwrap();
        let mut text = String::new();
        socket.read_to_string(&mut text).unwrap();
        let status = text.split(' ').nth(1).unwrap().parse().unwrap();
        let body = text.split_once("\r\n\r\n").unwrap().1.to_owned();
        (status, body)
    }

    /// Stops the node while this runtime goes on: a connection ends in good order only when both sides talk.
    pub async fn stop(self) -> Result<(), ServeError> {
        self.stopper.stop();
        self.ended().await
    }

    /// Waits for the node to end by itself.
    pub async fn ended(self) -> Result<(), ServeError> {
        tokio::task::spawn_blocking(|| self.thread.join().unwrap()).await.unwrap()
    }
}
