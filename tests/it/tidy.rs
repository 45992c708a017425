//! The laws of the source: which library stands where, which way arrows point, how long a file may be.
//!
//! Read from the text of src/, without a compiler: modules are named in full (`crate::store`), and a test module
//! is the last item of its file or a file of its own.

use saring::policy::Reason;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

const LINES_MAX: usize = 400;

/// Libraries that only these places may name.
const CONFINED: &[(&str, &[&str])] = &[
    ("rocksdb", &["store"]),
    ("tonic", &["grpc", "proto"]),
    ("tonic_health", &["grpc"]),
    ("tonic_reflection", &["grpc"]),
    ("tonic_types", &["grpc"]),
    ("tokio_rustls", &["grpc", "tls"]),
    ("x509_parser", &["grpc", "tls"]),
    ("rcgen", &["certs"]),
    ("axum", &["console"]),
    ("askama", &["console"]),
    ("subtle", &["console"]),
    ("argon2", &["principal"]),
    ("clap", &["cli", "config"]),
    ("rpassword", &["cli"]),
    ("clap_complete", &["cli"]),
    ("figment", &["config"]),
    ("zip", &["import"]),
    ("flate2", &["import"]),
    ("encoding_rs", &["import"]),
    ("indicatif", &["import"]),
    ("arc_swap", &["hot", "registration"]),
    ("signal_hook", &["cli", "serve"]),
    ("tlog_tiles", &["tree"]),
    ("signed_note", &["tree"]),
    ("rand_core", &["tree"]),
    ("hdrhistogram", &["bench"]),
    ("loona_hpack", &["bench"]),
    ("rustix", &["bench", "scheduling"]),
    ("thread_priority", &["scheduling"]),
    ("hyper", &["bench"]),
    ("hyper_util", &["bench"]),
    ("http_body_util", &["bench"]),
    ("plotters", &["bench"]),
    ("fluent_bundle", &["words"]),
];

/// From the top to the bottom. A module may name what stands in its own layer (but see [`STRANGERS`]) or below.
const LAYERS: &[&[&str]] = &[
    &["main", "failpoints"],
    &["cli"],
    &["bench"],
    &["serve"],
    &["grpc", "console", "config", "proto"],
    &["telemetry", "metrics", "certs", "scheduling", "tls"],
    &[
        "capacity",
        "check",
        "desk",
        "explain",
        "history",
        "import",
        "load",
        "lookup",
        "national",
        "preview",
        "registration",
        "registry",
        "sample",
        "transparency",
    ],
    &["hot", "store"],
    &[
        "alarm",
        "access",
        "batch",
        "day",
        "digest",
        "door_limits",
        "fold",
        "journal",
        "keyed",
        "ledger",
        "limits",
        "listing",
        "page",
        "pairing",
        "policy",
        "principal",
        "revision",
        "tree",
        "words",
    ],
    &["identity", "spool"],
];

/// Modules of one layer that do not know each other.
const STRANGERS: &[(&str, &str)] = &[
    ("hot", "store"),
    ("store", "hot"),
    ("grpc", "console"),
    ("console", "grpc"),
    ("config", "grpc"),
    ("config", "console"),
    ("import", "registry"),
    ("import", "check"),
    ("check", "registry"),
    ("check", "load"),
    ("check", "explain"),
    ("check", "import"),
];

struct Source {
    /// Path below src/, as `store/read.rs`.
    name: String,
    text: String,
}

impl Source {
    /// The module of the crate's root that it belongs to.
    fn module(&self) -> &str {
        self.name.split(['/', '.']).next().unwrap()
    }

    fn is_test(&self) -> bool {
        self.name.split('/').any(|part| part == "tests" || part == "tests.rs")
    }

    /// Without comments and test items.
    fn product(&self) -> String {
        let mut product = String::new();
        let mut lines = self.text.lines();
        while let Some(line) = lines.next() {
            if line.trim_start().starts_with("#[cfg(test)]") {
                skip_item(&mut lines, line.len() - line.trim_start().len());
            } else if !line.trim_start().starts_with("//") {
                product.push_str(line.split(" // ").next().unwrap());
                product.push('\n');
            }
        }
        product
    }
}

/// Skips one item: to the line that closes it at its own depth, or that ends it at once.
fn skip_item<'a>(lines: &mut impl Iterator<Item = &'a str>, indent: usize) {
    for line in lines {
        let depth = line.len() - line.trim_start().len();
        if depth == indent && (line.ends_with(';') || line.trim() == "}") {
            return;
        }
    }
}

/// Where cargo runs tests: this checkout, also where a build of another one is taken over.
fn root() -> PathBuf {
    PathBuf::from(".")
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, files);
        } else if path.extension().is_some_and(|suffix| suffix == "rs") {
            files.push(path);
        }
    }
}

fn sources() -> Vec<Source> {
    let src = root().join("src");
    let mut files = Vec::new();
    walk(&src, &mut files);
    files.sort();
    assert!(files.len() > 50, "src/ has been found");
    let read = |path: &PathBuf| Source {
        name: path.strip_prefix(&src).unwrap().to_str().unwrap().to_owned(),
        text: fs::read_to_string(path).unwrap(),
    };
    files.iter().map(read).collect()
}

/// Whether a text names a library: as the first part of a path.
fn names(text: &str, library: &str) -> bool {
    text.match_indices(&format!("{library}::")).any(|(at, _)| {
        let before = text[..at].chars().next_back().unwrap_or(' ');
        !before.is_alphanumeric() && before != '_' && before != ':'
    })
}

/// The modules that a text names: `crate::a`, and the first parts of `crate::{a, b::c, d::{e, f}}`.
fn modules_named(text: &str) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    for (at, path) in text.match_indices("crate::") {
        let rest = &text[at + path.len()..];
        let Some(group) = rest.strip_prefix('{') else {
            named.insert(rest.split(|c| !is_word(c)).next().unwrap().to_owned());
            continue;
        };
        let (mut depth, mut word) = (0, String::new());
        for c in group.chars() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                _ => {}
            }
            if depth == 0 && is_word(c) {
                word.push(c);
            } else if depth == 0 && c == ',' {
                named.insert(std::mem::take(&mut word));
            } else if depth == 0 && c == ':' {
                named.insert(std::mem::take(&mut word));
                // The rest of this path is no module of the root.
                depth = 0;
                word.push(':');
            }
        }
        named.insert(word);
    }
    named.into_iter().filter(|word| !word.is_empty() && !word.contains(':')).collect()
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

#[test]
fn groups_of_imports_are_read() {
    let text = "use crate::{\n    batch::{Batch, Row},\n    day::Day,\n    store,\n};\nuse crate::hot::Builder; crate::fold::x()";
    let named: Vec<String> = modules_named(text).into_iter().collect();
    assert_eq!(named, ["batch", "day", "fold", "hot", "store"]);
    assert!(names("use rocksdb::DB;", "rocksdb") && !names("use x::rocksdb::DB; librocksdb::a", "rocksdb"));
}

#[test]
fn libraries_stay_where_they_belong() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| !source.is_test()) {
        let product = source.product();
        for (library, places) in CONFINED {
            if names(&product, library) && !places.contains(&source.module()) {
                wrong.push(format!("src/{} names {library}, which belongs to {places:?}", source.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn arrows_point_down() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| !source.is_test() && source.name != "lib.rs") {
        let from = source.module();
        let Some(height) = layer(from) else {
            wrong.push(format!("src/{}: {from} has no layer; give it one in tests/it/tidy.rs", source.name));
            continue;
        };
        for to in modules_named(&source.product()).iter().filter(|to| *to != from) {
            match layer(to) {
                // A macro or a type of the root.
                None => {}
                Some(depth) if depth < height => {
                    wrong.push(format!("src/{} names crate::{to}, which stands above {from}", source.name));
                }
                Some(_) if STRANGERS.contains(&(from, to.as_str())) => {
                    wrong
                        .push(format!("src/{} names crate::{to}: {from} and {to} do not know each other", source.name));
                }
                Some(_) => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_module_of_the_root_is_on_the_map() {
    let lib = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let modules: Vec<&str> =
        lib.lines().filter_map(|line| line.strip_prefix("pub mod ")).map(|line| line.trim_end_matches(';')).collect();
    assert!(modules.len() > 20, "{modules:?}");
    for module in &modules {
        assert!(layer(module).is_some(), "{module} has no layer");
    }
    // The topmost layer is the program, not the library.
    for module in LAYERS[1..].iter().copied().flatten() {
        assert!(modules.contains(module), "{module} is in no line of src/lib.rs");
    }
}

#[test]
fn identity_needs_the_standard_library_only() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let table: toml::Table = manifest.parse().unwrap();
    let libraries: Vec<String> =
        table["dependencies"].as_table().unwrap().keys().map(|name| name.replace('-', "_")).collect();
    assert!(libraries.len() > 20, "{libraries:?}");
    for source in sources().iter().filter(|source| source.module() == "identity") {
        let product = source.product();
        for library in &libraries {
            assert!(!names(&product, library), "src/{} names {library}", source.name);
        }
        assert!(!product.contains("derive(Serialize"), "src/{}", source.name);
        let named: Vec<String> = modules_named(&product).into_iter().filter(|to| to != "identity").collect();
        assert!(named.is_empty(), "src/{} names {named:?}", source.name);
    }
}

#[test]
fn nothing_panics_on_purpose_outside_of_tests() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| !source.is_test()) {
        let product = source.product();
        for word in [".unwrap()", ".expect(", "panic!(", "todo!(", "unimplemented!(", "dbg!("] {
            if product.contains(word) {
                wrong.push(format!("src/{} has {word}", source.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_says_what_it_is_and_is_not_too_long() {
    let mut wrong = Vec::new();
    for source in sources() {
        if !source.text.starts_with("//! ") {
            wrong.push(format!("src/{} does not begin with //!", source.name));
        }
        let lines = source.text.lines().count();
        if lines > LINES_MAX {
            wrong.push(format!("src/{} has {lines} lines, more than {LINES_MAX}", source.name));
        }
        if source.name.ends_with("mod.rs") {
            wrong.push(format!("src/{}: write name.rs and name/", source.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_word_of_the_protocol_has_a_comment() {
    let mut rpcs = 0;
    for entry in fs::read_dir(root().join("proto/saring/v1")).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        for (at, line) in lines.iter().enumerate() {
            let starts = |words: &[&str]| words.iter().any(|word| line.starts_with(word));
            rpcs += usize::from(line.starts_with("rpc "));
            let is_word = starts(&["rpc ", "message ", "enum ", "service ", "oneof "]) || is_field(line);
            let commented = at > 0 && lines[at - 1].starts_with("//");
            assert!(!is_word || commented, "{}: {line:?} has no comment", path.display());
        }
    }
    assert_eq!(rpcs, saring::access::RULES.len(), "every call has a rule of access, and every rule a call");
}

/// A field or a value of an enum: `name = 3;` with or without a type.
fn is_field(line: &str) -> bool {
    let Some((left, right)) = line.split_once(" = ") else { return false };
    let number = right.trim_end_matches(';');
    !left.starts_with("//") && left != "syntax" && !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())
}

#[test]
fn the_readme_has_every_reason_in_its_table() {
    let Ok(readme) = fs::read_to_string(root().join("README.md")) else {
        return println!("skipped: there is no README.md yet");
    };
    let rows: Vec<&str> = readme.lines().filter(|line| line.trim_start().starts_with('|')).collect();
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let missing: Vec<&str> = Reason::ALL
        .iter()
        .map(|reason| reason.name())
        .filter(|name| !rows.iter().any(|row| row.split(|c| !is_word(c)).any(|word| word == *name)))
        .collect();
    assert!(missing.is_empty(), "no row of a table in README.md has {missing:?}");
}
