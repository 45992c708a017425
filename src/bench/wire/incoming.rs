//! What comes from the server, frame by frame.

use super::{
    Carriage, Connection, Outcome, Sink, WINDOW, WINDOW_REFILL,
    calls::Call,
    frames::{self, Flag, Frame, Kind, Setting},
};
use std::io;

impl Connection {
    /// Gives how many bytes were whole frames.
    pub(super) fn understand(&mut self, bytes: &[u8], sink: &mut impl Sink) -> io::Result<usize> {
        let mut at = 0;
        while !self.gone
            && let Some((frame, length)) = Frame::read(&bytes[at..])?
        {
            at += length;
            self.take(&frame, sink)?;
        }
        Ok(at)
    }

    fn take(&mut self, frame: &Frame<'_>, sink: &mut impl Sink) -> io::Result<()> {
        match frame.kind {
            Kind::Data => self.take_data(frame, sink),
            Kind::Headers => {
                let ends = frame.has(Flag::END_STREAM);
                let mut block = frame.block()?;
                if !frame.has(Flag::END_HEADERS) {
                    self.partial = Some((frame.stream, ends, block.to_vec()));
                    return Ok(());
                }
                self.take_headers(frame.stream, ends, std::mem::take(&mut block), sink)
            }
            Kind::Continuation => {
                let Some((stream, ends, mut block)) = self.partial.take() else {
                    return Err(frames::broken("a CONTINUATION frame continues nothing"));
                };
                block.extend_from_slice(frame.payload);
                if frame.has(Flag::END_HEADERS) {
                    self.take_headers(stream, ends, &block, sink)
                } else {
                    self.partial = Some((stream, ends, block));
                    Ok(())
                }
            }
            Kind::Reset => {
                let outcome = Outcome::reset(frame.number()?);
                self.end(frame.stream, &outcome, sink);
                Ok(())
            }
            Kind::Settings => self.take_settings(frame),
            Kind::Ping => {
                if !frame.has(Flag::ACK) {
                    frames::pong(&mut self.out, frame.payload);
                    self.growing = None;
                }
                Ok(())
            }
            Kind::GoAway => {
                self.gone = true;
                let outcome = Outcome::gone(frame.payload);
                let Self { calls, waiting, .. } = self;
                let asked = calls.drain().chain(waiting.drain(..));
                asked.for_each(|asked| sink.done(asked, &outcome, None));
                Ok(())
            }
            Kind::Window => {
                let more = i64::from(frame.number()? & WINDOW);
                if frame.stream == 0 {
                    self.window += more;
                } else if Some(frame.stream) == self.stream {
                    self.stream_window += more;
                }
                Ok(())
            }
            Kind::Other => Ok(()),
        }
    }

    fn take_settings(&mut self, frame: &Frame<'_>) -> io::Result<()> {
        if frame.has(Flag::ACK) {
            return Ok(());
        }
        for setting in frame.settings() {
            match setting {
                Setting::Streams(count) => self.streams_max = count,
                Setting::Window(bytes) => {
                    self.stream_window += i64::from(bytes) - self.stream_window_initial;
                    self.stream_window_initial = i64::from(bytes);
                }
                Setting::HeaderTable(bytes) => self.preamble.table(bytes),
                Setting::Other => {}
            }
        }
        self.greeted = true;
        self.growing = None;
        frames::settings_ack(&mut self.out);
        Ok(())
    }

    fn take_data(&mut self, frame: &Frame<'_>, sink: &mut impl Sink) -> io::Result<()> {
        self.used += frame.payload.len() as u32;
        if self.used >= WINDOW_REFILL {
            frames::window(&mut self.out, 0, self.used);
            self.used = 0;
            self.growing = None;
        }
        let data = frame.data()?;
        match self.carriage {
            Carriage::Calls => {
                if let Some(call) = self.calls.get(frame.stream) {
                    let asked = call.asked;
                    if let Some(right) = call.messages.each(data, |message| sink.message(asked, message))? {
                        call.right = Some(call.right.unwrap_or(true) && right);
                    }
                }
            }
            // What follows an end is nobody's.
            Carriage::Stream if Some(frame.stream) != self.stream => {}
            Carriage::Stream => {
                let Self { waiting, calls, .. } = self;
                let mut strays = false;
                calls.of_stream.each(data, |message| {
                    let Some(asked) = waiting.pop_front() else {
                        strays = true;
                        return false;
                    };
                    let right = sink.message(asked, message);
                    sink.done(asked, &Outcome::OK, Some(right));
                    right
                })?;
                if strays {
                    return Err(frames::broken("an answer came that nobody had asked for"));
                }
                self.used_of_stream += frame.payload.len() as u32;
                if self.used_of_stream >= WINDOW_REFILL {
                    frames::window(&mut self.out, frame.stream, self.used_of_stream);
                    self.used_of_stream = 0;
                    self.growing = None;
                }
            }
        }
        if frame.has(Flag::END_STREAM) {
            self.end(frame.stream, &Outcome::no_status(), sink);
        }
        Ok(())
    }

    fn take_headers(&mut self, stream: u32, ends: bool, block: &[u8], sink: &mut impl Sink) -> io::Result<()> {
        let outcome = self.headers.read(block, ends)?;
        if let Some(outcome) = outcome {
            self.end(stream, &outcome, sink);
        }
        Ok(())
    }

    /// A stream is over: with it the call on it, or all that wait on the running one.
    fn end(&mut self, stream: u32, outcome: &Outcome, sink: &mut impl Sink) {
        if self.carriage == Carriage::Calls {
            if let Some(Call { asked, right, .. }) = self.calls.close(stream) {
                sink.done(asked, outcome, right);
            }
            return;
        }
        if Some(stream) == self.stream {
            self.stream = None;
            self.ended = true;
            self.growing = None;
            self.calls.of_stream.clear();
            for asked in self.waiting.drain(..) {
                sink.done(asked, outcome, None);
            }
        }
    }
}
