//! Bytes to lines, in blocks.
//!
//! Lists are read by physical lines, so that a stray quote costs one row and not the rest of the file, and so that a
//! list can be cut at any line end: each block of lines can be taken by itself.
//! What always holds: lines are counted from 1 as an editor counts them; a line over [`LINE_BYTES_MAX`] is
//! reported without ever being held; a zero byte anywhere refuses the file.

use super::{container::Opened, error::ImportError, progress::Pulse};
use memchr::{memchr, memchr_iter, memrchr};
use std::io;

/// Longest line, without its end.
pub(super) const LINE_BYTES_MAX: usize = 64 << 10;
/// What is read and taken at a time.
pub(super) const BLOCK_BYTES: usize = 256 << 10;

/// Whole lines of a list.
pub(super) struct Block {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    /// Lines of the whole import before it.
    pub(super) before: u64,
}

impl Block {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }
}

/// One line, without its end.
pub(super) enum Line<'a> {
    Text(&'a [u8]),
    TooLong,
}

/// Takes the first line off the bytes of a block.
#[inline]
pub(super) fn next_line<'a>(rest: &mut &'a [u8]) -> Option<Line<'a>> {
    let (line, after) = match memchr(b'\n', rest) {
        Some(length) => (&rest[..length], &rest[length + 1..]),
        None if rest.is_empty() => return None,
        None => (*rest, &rest[..0]),
    };
    *rest = after;
    let text = trim_end(line);
    Some(if text.len() > LINE_BYTES_MAX { Line::TooLong } else { Line::Text(text) })
}

/// The lines of one list, in blocks.
pub(super) struct Lines {
    opened: Opened,
    /// Bytes that a block has at least, where there are so many more.
    block_bytes: usize,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    eof: bool,
    /// Lines that were given.
    line: u64,
    /// Lines before this list.
    offset: u64,
    /// A buffer that came back.
    spare: Vec<u8>,
}

impl Lines {
    /// Reads the first block and refuses what is no text. `block_bytes` are those of a block, [`BLOCK_BYTES`] at most.
    pub(super) fn open(opened: Opened, block_bytes: usize, pulse: &Pulse<'_>) -> Result<Self, ImportError> {
        let (buffer, spare) = (vec![0; BLOCK_BYTES], Vec::new());
        let mut lines = Self { opened, block_bytes, buffer, start: 0, end: 0, eof: false, line: 0, offset: 0, spare };
        while !lines.eof && lines.end < 2 * LINE_BYTES_MAX {
            lines.read(lines.end, pulse)?;
        }
        lines.sniff()?;
        Ok(lines)
    }

    pub(super) const fn opened(&self) -> &Opened {
        &self.opened
    }

    pub(super) const fn line(&self) -> u64 {
        self.line
    }

    pub(super) const fn set_offset(&mut self, lines: u64) {
        self.offset = lines;
    }

    /// The first line that is not blank, without consuming it.
    pub(super) fn peek(&self) -> Result<&[u8], ImportError> {
        let file = || self.opened.name.clone();
        let block = &self.buffer[self.start..self.end];
        let first = block.split(|byte| *byte == b'\n').find(|line| !line.trim_ascii().is_empty());
        let first = trim_end(first.ok_or_else(|| ImportError::Empty { file: file() })?);
        // A header is never that long: nothing is recognised in an empty one.
        let head = if first.len() > LINE_BYTES_MAX { b"" } else { first };
        if memchr(b'\r', head).is_some() {
            return Err(ImportError::LoneCarriageReturn { file: file() });
        }
        Ok(head)
    }

    /// Consumes the line that [`Lines::peek`] shows.
    pub(super) fn skip_first(&mut self, pulse: &Pulse<'_>) -> Result<(), ImportError> {
        loop {
            if self.start == self.end || memrchr(b'\n', &self.buffer[self.start..self.end]).is_none() {
                self.fill(pulse)?;
            }
            let mut rest = &self.buffer[self.start..self.end];
            let Some(line) = next_line(&mut rest) else { return Ok(()) };
            self.start = self.end - rest.len();
            self.line += 1;
            if !matches!(line, Line::Text(text) if text.trim_ascii().is_empty()) {
                return Ok(());
            }
        }
    }

    /// Whether the list ends with the next block.
    pub(super) fn is_last(&self) -> bool {
        self.eof && self.end - self.start <= self.block_bytes
    }

    /// The next lines. `None` at the end of the list.
    pub(super) fn next(&mut self, pulse: &Pulse<'_>) -> Result<Option<Block>, ImportError> {
        if self.whole().is_none() {
            self.fill(pulse)?;
        }
        let Some(whole) = self.whole() else { return Ok(None) };
        let (start, end) = (self.start, self.start + whole);
        let before = self.offset + self.line;
        let bytes = &self.buffer[start..end];
        self.line += memchr_iter(b'\n', bytes).count() as u64 + u64::from(bytes.last() != Some(&b'\n'));
        self.start = end;
        if self.end - end > self.block_bytes {
            // A part of what is held.
            return Ok(Some(Block { bytes: self.buffer[start..end].to_vec(), start: 0, end: end - start, before }));
        }
        let mut next = std::mem::take(&mut self.spare);
        next.resize(BLOCK_BYTES, 0);
        next[..self.end - end].copy_from_slice(&self.buffer[end..self.end]);
        let bytes = std::mem::replace(&mut self.buffer, next);
        (self.start, self.end) = (0, self.end - end);
        Ok(Some(Block { bytes, start, end, before }))
    }

    /// Takes back what a block lay in.
    pub(super) fn reuse(&mut self, block: Block) {
        if block.bytes.len() == BLOCK_BYTES {
            self.spare = block.bytes;
        }
    }

    /// How many bytes of whole lines a block takes of what is held.
    fn whole(&self) -> Option<usize> {
        let held = &self.buffer[self.start..self.end];
        if held.len() > self.block_bytes {
            let least = self.block_bytes.max(1) - 1;
            if let Some(length) = memchr(b'\n', &held[least..]) {
                return Some(least + length + 1);
            }
        }
        let last = memrchr(b'\n', held).map(|length| length + 1);
        if self.eof { (!held.is_empty()).then_some(held.len()) } else { last }
    }

    /// Reads until the buffer is full. Of a line that it cannot hold no more is kept than shows that it is too long.
    fn fill(&mut self, pulse: &Pulse<'_>) -> Result<(), ImportError> {
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        // Lines of this buffer are counted where an error tells of them.
        let fresh = self.end;
        loop {
            while !self.eof && self.end < self.buffer.len() {
                self.read(fresh, pulse)?;
            }
            if self.eof || memrchr(b'\n', &self.buffer[..self.end]).is_some() {
                return Ok(());
            }
            self.discard(pulse)?;
        }
    }

    /// Drops the rest of a line that fills the buffer.
    fn discard(&mut self, pulse: &Pulse<'_>) -> Result<(), ImportError> {
        let kept = LINE_BYTES_MAX + 2;
        loop {
            self.end = kept;
            self.read(kept, pulse)?;
            if let Some(length) = memchr(b'\n', &self.buffer[kept..self.end]) {
                self.buffer.copy_within(kept + length..self.end, kept);
                self.end -= length;
                return Ok(());
            }
            if self.eof {
                self.end = kept;
                return Ok(());
            }
        }
    }

    /// Reads once. Lines between `fresh` and what comes stand before it in an error.
    fn read(&mut self, fresh: usize, pulse: &Pulse<'_>) -> Result<(), ImportError> {
        pulse.beat(self.opened.tap.bytes(), self.offset + self.line)?;
        let length = loop {
            match self.opened.reader.read(&mut self.buffer[self.end..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.opened.failed(error)),
                Ok(length) => break length,
            }
        };
        let new = self.end..self.end + length;
        self.eof = length == 0;
        self.end = new.end;
        self.refuse_zero_byte(fresh, new)
    }

    fn refuse_zero_byte(&self, fresh: usize, new: std::ops::Range<usize>) -> Result<(), ImportError> {
        let head = &self.buffer[..new.end.min(4)];
        let file = || self.opened.name.clone();
        if memchr(0, &self.buffer[new.clone()]).is_none() {
            return Ok(());
        }
        // A mark in front says it more exactly, and `sniff` follows.
        if self.line == 0 && is_utf16(head) {
            return Err(ImportError::Utf16 { file: file() });
        }
        let held = memchr_iter(b'\n', &self.buffer[fresh.min(new.start)..new.start]).count() as u64;
        Err(ImportError::ZeroByte { file: file(), line: self.line + held })
    }

    fn sniff(&mut self) -> Result<(), ImportError> {
        let file = || self.opened.name.clone();
        let head = &self.buffer[..self.end];
        if head.is_empty() {
            return Err(ImportError::Empty { file: file() });
        }
        if is_utf16(head) {
            return Err(ImportError::Utf16 { file: file() });
        }
        // Tab, line ends, form feed and the end mark of DOS occur in text.
        let binary = |byte: &u8| *byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x1a) || *byte == 0x7f;
        if let Some(offset) = head.iter().position(binary) {
            return Err(ImportError::Binary { file: file(), byte: head[offset], offset });
        }
        if head.starts_with(b"\xef\xbb\xbf") {
            self.start = 3;
        }
        Ok(())
    }
}

fn is_utf16(head: &[u8]) -> bool {
    head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff")
}

fn trim_end(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}
