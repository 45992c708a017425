//! A server of this same program on a free port, for measuring: started, looked at, killed.

use super::run::BenchError;
use std::{
    ffi::OsStr,
    fs,
    io::{self, BufRead, BufReader},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

/// Ticks in which the kernel counts the CPU of a process, and that of children that have ended: fields 14 to 17 of
/// `stat` (proc(5)).
const STAT_OWN: [usize; 2] = [11, 12];
const STAT_CHILDREN: [usize; 2] = [13, 14];

/// This program.
#[derive(Clone, Debug)]
pub struct Program(PathBuf);

/// What a command that has ended left.
#[derive(Clone, Debug)]
pub struct Ended {
    /// Its output.
    pub out: String,
    /// On the clock.
    pub clock: Duration,
    /// Its CPU.
    pub cpu: Duration,
}

impl Program {
    /// The program that runs.
    ///
    /// # Errors
    /// When the system does not say where it lies.
    pub fn this() -> Result<Self, BenchError> {
        Ok(Self(std::env::current_exe()?))
    }

    /// Another one.
    pub const fn at(path: PathBuf) -> Self {
        Self(path)
    }

    fn command<I: IntoIterator<Item: AsRef<OsStr>>>(&self, words: I) -> Command {
        let mut command = Command::new(&self.0);
        // Settings of the one who measures are none of the server's.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("SARING_")) {
            command.env_remove(name);
        }
        command.args(words).stdin(Stdio::null()).stdout(Stdio::piped());
        command
    }

    /// Runs a command to its end. What it says on the way goes to standard error.
    ///
    /// # Errors
    /// When it fails.
    pub fn run<I: IntoIterator<Item: AsRef<OsStr>>>(&self, words: I) -> Result<Ended, BenchError> {
        let (begun, before) = (Instant::now(), cpu_of_ended_children()?);
        let mut command = self.command(words);
        let output = command.stderr(Stdio::inherit()).output()?;
        if !output.status.success() {
            return Err(BenchError::Order(format!("{command:?} failed: its words stand above")));
        }
        let out = String::from_utf8_lossy(&output.stdout).into_owned();
        Ok(Ended { out, clock: begun.elapsed(), cpu: cpu_of_ended_children()?.saturating_sub(before) })
    }

    /// Serves a register and waits until it answers.
    ///
    /// # Errors
    /// When it does not start.
    pub fn serve(&self, data: &Path, threads: usize) -> Result<Node, BenchError> {
        self.serve_with(data, threads, &[])
    }

    /// The same with further flags; with `--tls-cert` it answers at `https://localhost`.
    ///
    /// # Errors
    /// When it does not start.
    pub fn serve_with(&self, data: &Path, threads: usize, flags: &[&str]) -> Result<Node, BenchError> {
        let begun = Instant::now();
        let (data, threads) = (data.display().to_string(), threads.to_string());
        let words = ["serve", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", "--log", "error"];
        let words = words.into_iter().chain(["--threads", &threads, "--data", &data]);
        let mut command = self.command(words.chain(flags.iter().copied()));
        let mut child = command.stderr(Stdio::inherit()).spawn()?;
        let mut line = String::new();
        let stdout = child.stdout.take().map(BufReader::new);
        let (url, registry) = Default::default();
        let mut node = Node { child, stdout, url, registry, ready: Duration::ZERO };
        if let Some(stdout) = &mut node.stdout {
            stdout.read_line(&mut line)?;
        }
        let after = |words: &str| line.split_once(words).and_then(|(_, rest)| rest.split(',').next());
        let (Some(checks), Some(changes)) = (after("gRPC on "), after("Registry on ")) else {
            return Err(BenchError::Order("the server did not start: its words stand above".into()));
        };
        let url = |address: &str| match flags.contains(&"--tls-cert") {
            // Its certificate is for this name.
            true => address.replace("127.0.0.1", "https://localhost"),
            false => format!("http://{address}"),
        };
        (node.url, node.registry) = (url(checks), url(changes));
        node.ready = begun.elapsed();
        Ok(node)
    }
}

/// A running server. Killed when it is dropped.
#[derive(Debug)]
pub struct Node {
    child: Child,
    /// Held open: a server whose reader is gone could not speak.
    stdout: Option<BufReader<ChildStdout>>,
    /// Where it answers.
    pub url: String,
    /// Where it is changed.
    pub registry: String,
    /// From its start until it answered.
    pub ready: Duration,
}

impl Node {
    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What its process had of the cores so far, by threads that have ended too; in ticks of the kernel.
    ///
    /// # Errors
    /// When it is gone.
    pub fn cpu(&self) -> io::Result<Duration> {
        ticks(&format!("/proc/{}/stat", self.pid()), STAT_OWN)
    }

    /// The most memory that it ever had (VmHWM), in bytes.
    ///
    /// # Errors
    /// When it is gone.
    pub fn resident_bytes(&self) -> io::Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid()))?;
        Ok(kilobytes(&status, "VmHWM:").unwrap_or(0))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A line of /proc in kB, in bytes.
pub(super) fn kilobytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}

fn cpu_of_ended_children() -> io::Result<Duration> {
    ticks("/proc/self/stat", STAT_CHILDREN)
}

fn ticks(stat: &str, wanted: [usize; 2]) -> io::Result<Duration> {
    let stat = fs::read_to_string(stat)?;
    // The name of the program may hold blanks and brackets.
    let fields: Vec<&str> = stat.rsplit_once(')').map_or(Vec::new(), |(_, rest)| rest.split_whitespace().collect());
    let ticks: u64 = wanted.iter().filter_map(|at| fields.get(*at)?.parse::<u64>().ok()).sum();
    Ok(Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64))
}

/// Bytes that a directory takes on its disk, as `du` counts them.
///
/// # Errors
/// When it cannot be read.
pub fn disk_bytes(directory: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes += if metadata.is_dir() { disk_bytes(&entry.path())? } else { metadata.blocks() * 512 };
    }
    Ok(bytes)
}
