//! How many threads take a list, and how it is cut into blocks, does not show in what it gives.

use super::*;
use proptest::prelude::*;

/// Rows of all kinds of lists, good and bad, for any header: cells that mean something somewhere.
fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => (0_u32..3, 0_u32..40, "[0-9]{0,2}").prop_map(|(tac, serial, tail)| format!("3582400{tac}{serial:06}{tail}")),
        2 => "[0-9]{12,17}",
        4 => "(0812|62812|51010|00101)[0-9]{5,10}",
        4 => prop::sample::select(&["xl", "Telkomsel", "indosat", "a b", "x/y", "3"][..]).prop_map(str::to_owned),
        2 => prop::sample::select(&["2030-01-01", "20300102", "1-Jan-2031", "2030-02-30"][..]).prop_map(str::to_owned),
        2 => prop::sample::select(&["remove", "add", "recovered", "binding", "allowance", "hard"][..]).prop_map(str::to_owned),
        2 => "3582400[0-9]",
        1 => "[ -~]{0,12}",
        3 => Just(String::new()),
    ]
}

/// A row whose cells mostly fit the columns of its header.
fn row(header: &'static str) -> impl Strategy<Value = String> {
    let columns: Vec<&str> = header.split([',', '|']).collect();
    let fitting: Vec<BoxedStrategy<String>> = columns
        .iter()
        .map(|column| {
            let good = match *column {
                "imei" | "imei2" | "from" | "to" => "3582400[0-2]0000[0-9]{2}[0-9]?",
                "msisdn" => "(0812345678[0-9]{2})?",
                "imsi" => "(5101012345678[0-9]{2})?",
                "operator" => "(xl|Telkomsel|indosat|[a-d]{2})?",
                "valid_until" | "first_seen" | "since" => "(2030-01-0[1-3])?",
                "change_type" => "add|add|add|remove",
                "status" => "",
                "tac" => "3582400[0-9]",
                "device_id" => "D[0-9]|",
                _ => "[a-c]?",
            };
            prop_oneof![30 => good, 1 => cell()].boxed()
        })
        .collect();
    let separator = if header.contains('|') { "|" } else { "," };
    prop_oneof![
        24 => fitting.prop_map(move |cells| cells.join(separator)),
        1 => prop::collection::vec(cell(), 0..5).prop_map(move |cells| cells.join(separator)),
        1 => prop::sample::select(&["", " ", "\u{e9}", "\"", "\"\"\"", "x\ry", "\t"][..]).prop_map(str::to_owned),
    ]
}

/// A kind, its mode, and the header of its list.
const SORTS: &[(Kind, Mode, &str)] = &[
    (Kind::Registered, Mode::Add, "imei"),
    (Kind::Registered, Mode::Full, "make,imei,model"),
    (Kind::Registered, Mode::Add, "imei,imei2,device_id,valid_until,msisdn,operator"),
    (Kind::Grandfathered, Mode::Delta, "imei,first_seen,operator,change_type"),
    (Kind::Stolen, Mode::Add, "imei|operator|status"),
    (Kind::Ranges, Mode::Add, "from,to"),
    (Kind::Pairing, Mode::Add, "imei,msisdn,imsi,binding,valid_until,operator"),
    (Kind::Pairing, Mode::Delta, "imei,imsi,change_type"),
    (Kind::Subscriber, Mode::Add, "imsi,msisdn,operator,since"),
    (Kind::Subscriber, Mode::Delta, "imsi,msisdn,change_type,operator"),
    (Kind::Tac, Mode::Add, "tac,manufacturer,model"),
    (Kind::BarredTac, Mode::Delta, "tac,hard,change_type"),
];

/// What a list in two files gives, or why it is refused, and its rejects as they are written.
fn read(lists: &Lists, options: &Options, threads: usize, block_bytes: usize) -> (Result<Gathered, String>, String) {
    let options = Options { threads, ..options.clone() };
    let read = lists.read_in_manner(&options, Manner { block_bytes, ..Manner::USUAL });
    let rejects = std::fs::read_to_string(options.rejects.unwrap()).unwrap();
    (read.map_err(|error| error.to_string()), rejects)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn threads_do_not_show(
        (sort, rows) in (0..SORTS.len()).prop_flat_map(|sort| (Just(sort), prop::collection::vec(row(SORTS[sort].2), 0..120))),
        end in prop::sample::select(&["\n", "\r\n"][..]), closed in any::<bool>(), cut in any::<prop::sample::Index>(),
        check_digit in prop::sample::select(CheckDigit::ALL), all_or_nothing in any::<bool>(),
        threads in 2_usize..5, block_bytes in prop_oneof![1_usize..40, 1_usize..2_000],
    ) {
        let (kind, mode, header) = SORTS[sort];
        let (first, second) = rows.split_at(cut.index(rows.len() + 1));
        let text = |rows: &[String]| {
            let text = [header].into_iter().chain(rows.iter().map(String::as_str)).collect::<Vec<_>>().join(end);
            format!("{text}{}", if closed { end } else { "" })
        };
        let lists = Lists::new().with("a.csv", text(first)).with("b.csv", [b"\xef\xbb\xbf", text(second).as_bytes()].concat());
        let rejects = Some(lists.path("rejects.csv"));
        let options = Options { mode, check_digit, all_or_nothing, rejects, ..Options::new(kind) };
        let usual = read(&lists, &options, 1, lines::BLOCK_BYTES);
        prop_assert_eq!(&read(&lists, &options, 1, block_bytes), &usual, "one thread, {} bytes", block_bytes);
        prop_assert_eq!(&read(&lists, &options, threads, block_bytes), &usual, "{} threads, {} bytes", threads, block_bytes);
    }
}

#[test]
fn long_lists_in_real_blocks() {
    let rows: Vec<String> =
        (0..80_000_u32).map(|at| format!("{:014}", 35_824_005_000_000 + u64::from(at / 2))).collect();
    let mut text = format!("imei\n{}", rows.join("\n"));
    for (place, odd) in [(300_000, "x"), (500_000, "\n\n"), (700_000, "12345"), (900_000, "\r\n")] {
        text.replace_range(place..place + odd.len(), odd);
    }
    let long = "9".repeat(700_000);
    let text =
        [&text[..150_000], "\n", &long, "\n35824005000000\n", &" ".repeat(70_000), "\n", &text[150_000..]].concat();
    let lists = Lists::new().with("a.csv", text);
    let options = Options { rejects: Some(lists.path("rejects.csv")), ..Options::new(Kind::Registered) };
    let usual = read(&lists, &options, 1, lines::BLOCK_BYTES);
    let (Ok(gathered), rejects) = &usual else { panic!("{usual:?}") };
    assert!(
        gathered.counts.rejected > 2 && rejects.matches("longer than 65,536").count() == 2,
        "{:?}",
        gathered.counts
    );
    for (threads, block_bytes) in [(2, lines::BLOCK_BYTES), (3, 100_000), (1, 5_000), (4, 5_000)] {
        assert!(read(&lists, &options, threads, block_bytes) == usual, "{threads} threads, {block_bytes} bytes");
    }
}

#[test]
fn what_stops_a_list_stops_it_with_threads() {
    let rows = "35824005000001\n".repeat(100_000);
    let lists = Lists::new().with("a.csv", ["imei\n", &rows, "\0"].concat());
    let one = lists.read(&Options { threads: 1, ..Options::new(Kind::Registered) }).unwrap_err().to_string();
    let many = lists.read(&Options { threads: 3, ..Options::new(Kind::Registered) }).unwrap_err().to_string();
    assert_eq!(one, many);
    assert!(one.contains("a zero byte after line"), "{one}");
    let cancelled = super::super::read(
        &Options { threads: 3, ..Options::new(Kind::Registered) },
        &lists.inputs,
        &progress::Silent,
        &AtomicBool::new(true),
    );
    assert!(matches!(cancelled, Err(ImportError::Cancelled)), "{cancelled:?}");
}

#[test]
fn more_operators_than_there_are_numbers() {
    let name = |at: u32| format!("{}{at:x}", if at.is_multiple_of(2) { "Op" } else { "op" });
    let rows: String = (0..66_000).map(|at| format!("51010{at:010},62812{at:08},{}\n", name(at % 65_800))).collect();
    let lists = Lists::new().with("a.csv", format!("imsi,msisdn,operator\n{rows}"));
    let options = Options { rejects: Some(lists.path("rejects.csv")), ..Options::new(Kind::Subscriber) };
    let usual = read(&lists, &options, 1, lines::BLOCK_BYTES);
    let (Ok(gathered), rejects) = &usual else { panic!("{usual:?}") };
    assert_eq!((gathered.counts.rejected, gathered.counts.accepted), (265, 65_735));
    assert!(rejects.contains("Op10"), "the name is told as it was written");
    for (threads, block_bytes) in [(2, lines::BLOCK_BYTES), (3, 3_000)] {
        assert!(read(&lists, &options, threads, block_bytes) == usual, "{threads} threads, {block_bytes} bytes");
    }
}
