//! Checks never go to the disk: RocksDB's own counts of keys read and seeks stand still.

use crate::support::{Asked, check_request, patiently};
use saring::{
    check::Clock,
    config::NodeConfig,
    explain::Explainer,
    hot::Published,
    import::{self, Input, Kind, Options},
    load,
    proto::{CheckBatchRequest, ExplainRequest, equipment_check_client::EquipmentCheckClient},
    registry::{ImportOrder, Registry},
    serve::{Loaded, Node},
    store::Store,
};
use std::{
    fs,
    net::SocketAddr,
    path::Path,
    sync::{Arc, atomic::AtomicBool, mpsc},
};
use tokio_stream::StreamExt;
use tonic::transport::Channel;

const UNARY: usize = 10_000;
const STREAMED: usize = 20_000;
const BATCH: usize = 4_000;
const BATCHES: usize = 9;
const STREAMED_BATCHES: usize = 9;

/// Every list that gives checks something to look up, on many pages.
fn register(folder: &Path) -> Registry {
    let (registry, _) = Registry::open(&folder.join("data"), true).unwrap();
    let devices = |tac: u64, step: u64| -> String { (0..2_000).map(|n| format!("{tac}{:06}\n", n * step)).collect() };
    let stolen = "imei,reporting_date\n".to_owned() + &devices(35_440_081, 490).replace('\n', ",2026-01-01\n");
    let pairings: String = (0..2_000).map(|n| format!("35440082{:06},6281234{n:06}\n", n * 490)).collect();
    let subscribers: String = (0..2_000).map(|n| format!("510101234{n:06},6281234{n:06}\n")).collect();
    for (kind, list) in [
        (Kind::Registered, devices(35_440_080, 499)),
        (Kind::Stolen, stolen),
        (Kind::Grandfathered, devices(35_440_083, 7)),
        (Kind::Pairing, format!("imei,msisdn\n{pairings}")),
        (Kind::Subscriber, format!("imsi,msisdn\n{subscribers}")),
        (Kind::BarredTac, "tac\n35440084\n".to_owned()),
    ] {
        let path = folder.join("list.csv");
        fs::write(&path, list).unwrap();
        let options = Options::new(kind);
        let inputs = [Input::File(path)];
        let gathered = import::read(&options, &inputs, &import::progress::Silent, &AtomicBool::new(false)).unwrap();
        assert_eq!(gathered.counts.rejected, 0);
        let order = ImportOrder::bootstrap(options.mode, "", 50);
        registry.import(gathered, &order).unwrap();
    }
    registry.store().flush().unwrap();
    registry
}

fn loaded(registry: Registry) -> Loaded {
    let store = Arc::clone(registry.store());
    let sets = Arc::new(Published::new(load::hot_sets(&store, &mut |_| {}).unwrap()));
    Loaded { sets, explain: Arc::new(Explainer::new(store, Clock::system().unwrap())), registry: Some(registry) }
}

fn key(n: usize) -> u64 {
    35_440_080_000_000 + (n % 5) as u64 * 1_000_000 + (n as u64 * 7_919) % 1_000_000
}

fn batch(from: usize) -> CheckBatchRequest {
    CheckBatchRequest {
        equipment_key: (from..from + BATCH).map(key).collect(),
        msisdn: (from..from + BATCH)
            .map(|n| if n % 3 == 0 { 0 } else { 6_281_234_000_000 + n as u64 % 2_000 })
            .collect(),
        imsi: (from..from + BATCH)
            .map(|n| if n % 2 == 0 { 0 } else { 510_101_234_000_000 + n as u64 % 2_000 })
            .collect(),
        with_valid_until: true,
        ..Default::default()
    }
}

async fn ask(address: SocketAddr) -> usize {
    let client: EquipmentCheckClient<Channel> =
        EquipmentCheckClient::connect(format!("http://{address}")).await.unwrap();
    let texts: Vec<[String; 3]> = (0..UNARY.max(STREAMED))
        .map(|n| {
            [format!("{:014}", key(n)), format!("62812340{:05}", n % 2_000), format!("5101012340{:05}", n % 2_000)]
        })
        .collect();
    let requests: Vec<_> =
        texts.iter().map(|[imei, msisdn, imsi]| check_request(&Asked { imei, msisdn, imsi }, "telkomsel")).collect();
    let mut answered = 0;
    for request in requests.iter().take(UNARY) {
        let answer = patiently(|| {
            let mut client = client.clone();
            async move { client.check(request.clone()).await }
        });
        answer.await.verdict.unwrap();
        answered += 1;
    }
    let streamed = &requests;
    let mut answers = patiently(|| {
        let mut client = client.clone();
        let questions = tokio_stream::iter(streamed.clone().into_iter().take(STREAMED));
        async move { client.check_stream(questions).await }
    })
    .await;
    while let Some(answer) = answers.next().await {
        answer.unwrap().verdict.unwrap();
        answered += 1;
    }
    for n in 0..BATCHES {
        let answer = patiently(|| {
            let mut client = client.clone();
            async move { client.check_batch(batch(n * BATCH)).await }
        });
        answered += answer.await.statuses.len();
    }
    let mut answers = patiently(|| {
        let mut client = client.clone();
        let batches = tokio_stream::iter((0..STREAMED_BATCHES).map(|n| batch(n * BATCH + 1)));
        async move { client.check_batch_stream(batches).await }
    })
    .await;
    while let Some(answer) = answers.next().await {
        answered += answer.unwrap().statuses.len();
    }
    answered
}

fn reads(store: &Store) -> (u64, u64) {
    let tickers = store.tickers();
    (tickers.keys_read, tickers.seeks)
}

#[test]
fn a_hundred_thousand_checks_read_nothing_from_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let registry = register(folder.path());
    let store = Arc::clone(registry.store());
    let free = SocketAddr::from(([127, 0, 0, 1], 0));
    let config = NodeConfig { listen: free, http: free, threads: 2, ..NodeConfig::default() };
    let node = Node::start(&config, move |_| Ok(loaded(registry))).unwrap();
    let (address, stopper, metrics) = (node.grpc_addr(), node.stopper(), node.metrics().clone());
    let (tell, ready) = mpsc::channel();
    let served = std::thread::spawn(move || node.run(move |_, _| tell.send(()).unwrap()));
    ready.recv().unwrap();

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let before = reads(&store);
    let answered = runtime.block_on(ask(address));
    assert_eq!(reads(&store), before, "a check has read the store");
    assert!(answered >= 100_000, "{answered}");
    assert_eq!(metrics.checks(), answered as u64);

    // The counts do move where the disk is read: an explanation does.
    let request = ExplainRequest { equipment: "35440081000490".into(), ..Default::default() };
    runtime.block_on(async {
        let client = EquipmentCheckClient::connect(format!("http://{address}")).await.unwrap();
        let explain = || {
            let (mut client, request) = (client.clone(), request.clone());
            async move { client.explain(request).await }
        };
        patiently(explain).await;
    });
    let after = reads(&store);
    assert!(after.0 > before.0 && after.1 > before.1, "{before:?} {after:?}");
    drop(runtime);
    stopper.stop();
    served.join().unwrap().unwrap();
}
