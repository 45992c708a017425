//! Bytes to lines.
//!
//! Lists are read by physical lines, so that a stray quote costs one row and not the rest of the file.
//! What always holds: lines are counted from 1 as an editor counts them; a line over [`LINE_BYTES_MAX`] is
//! reported without ever being held; a zero byte anywhere refuses the file.

use super::{container::Opened, error::ImportError, progress::Pulse};
use memchr::memchr;
use std::io;

/// Longest line, without its end.
pub(super) const LINE_BYTES_MAX: usize = 64 << 10;
const BUFFER_BYTES: usize = 256 << 10;

/// One line, without its end.
pub(super) enum Line<'a> {
    Text(&'a [u8]),
    TooLong,
}

/// The lines of one list.
pub(super) struct Lines {
    opened: Opened,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    eof: bool,
    /// The number of the line that was given last.
    line: u64,
    /// Rows before this list, for progress.
    offset: u64,
}

impl Lines {
    /// Reads the first block and refuses what is no text.
    pub(super) fn open(opened: Opened, pulse: &Pulse<'_>) -> Result<Self, ImportError> {
        let mut lines =
            Self { opened, buffer: vec![0; BUFFER_BYTES], start: 0, end: 0, eof: false, line: 0, offset: 0 };
        while !lines.eof && lines.end < 2 * LINE_BYTES_MAX {
            lines.fill(pulse)?;
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

    pub(super) const fn set_offset(&mut self, rows: u64) {
        self.offset = rows;
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
        while let Some(line) = self.next(pulse)? {
            if !matches!(line, Line::Text(text) if text.trim_ascii().is_empty()) {
                break;
            }
        }
        Ok(())
    }

    /// The next line. `None` at the end of the list.
    #[inline]
    pub(super) fn next(&mut self, pulse: &Pulse<'_>) -> Result<Option<Line<'_>>, ImportError> {
        let mut seen = 0;
        loop {
            if let Some(length) = memchr(b'\n', &self.buffer[self.start + seen..self.end]) {
                let range = self.start..self.start + seen + length;
                self.start = range.end + 1;
                self.line += 1;
                return Ok(Some(self.given(range)));
            }
            if self.eof {
                let range = self.start..self.end;
                self.start = self.end;
                if range.is_empty() {
                    return Ok(None);
                }
                self.line += 1;
                return Ok(Some(self.given(range)));
            }
            seen = self.end - self.start;
            if seen > LINE_BYTES_MAX {
                self.discard(pulse)?;
                self.line += 1;
                return Ok(Some(Line::TooLong));
            }
            self.fill(pulse)?;
        }
    }

    fn given(&self, range: std::ops::Range<usize>) -> Line<'_> {
        let text = trim_end(&self.buffer[range]);
        if text.len() > LINE_BYTES_MAX { Line::TooLong } else { Line::Text(text) }
    }

    /// Drops the rest of a line that is too long.
    fn discard(&mut self, pulse: &Pulse<'_>) -> Result<(), ImportError> {
        loop {
            self.start = self.end;
            if self.eof {
                return Ok(());
            }
            self.fill(pulse)?;
            if let Some(length) = memchr(b'\n', &self.buffer[self.start..self.end]) {
                self.start += length + 1;
                return Ok(());
            }
        }
    }

    fn fill(&mut self, pulse: &Pulse<'_>) -> Result<(), ImportError> {
        pulse.beat(self.opened.tap.bytes(), self.offset + self.line)?;
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
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
        self.refuse_zero_byte(new)
    }

    fn refuse_zero_byte(&self, new: std::ops::Range<usize>) -> Result<(), ImportError> {
        let head = &self.buffer[..new.end.min(4)];
        let file = || self.opened.name.clone();
        match memchr(0, &self.buffer[new]) {
            // A mark in front says it more exactly, and `sniff` follows.
            Some(_) if self.line == 0 && is_utf16(head) => Err(ImportError::Utf16 { file: file() }),
            Some(_) => Err(ImportError::ZeroByte { file: file(), line: self.line }),
            None => Ok(()),
        }
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
