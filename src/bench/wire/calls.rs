//! Open calls by their stream number, and messages cut out of data frames.

use super::{Asked, frames::broken};
use std::{collections::VecDeque, io};

/// gRPC writes before a message whether it is compressed, and its length.
const PREFIX_BYTES: usize = 5;
/// Stream numbers have 31 bits.
const STREAM_MAX: u32 = (1 << 31) - 1;

/// An open call.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) asked: Asked,
    /// Whether its message was the right one; none where none has come.
    pub(super) right: Option<bool>,
    pub(super) messages: Messages,
}

/// Calls in the order in which they were opened. Closed ones leave when all before them have.
#[derive(Debug)]
pub(super) struct Calls {
    open: VecDeque<Option<Call>>,
    /// Stream of the first one.
    first: u32,
    next: u32,
    count: usize,
    /// Messages of the stream that runs on, where there is one.
    pub(super) of_stream: Messages,
}

impl Calls {
    pub(super) fn new() -> Self {
        Self { open: VecDeque::new(), first: 1, next: 1, count: 0, of_stream: Messages::default() }
    }

    pub(super) const fn len(&self) -> usize {
        self.count
    }

    /// The next stream number, for a call.
    pub(super) fn open(&mut self, asked: Asked) -> io::Result<u32> {
        let stream = self.number()?;
        self.open.push_back(Some(Call { asked, right: None, messages: Messages::default() }));
        self.count += 1;
        Ok(stream)
    }

    /// The next stream number, for a stream that is not kept here.
    pub(super) fn skip(&mut self) -> io::Result<u32> {
        let stream = self.number()?;
        self.first = self.next;
        Ok(stream)
    }

    fn number(&mut self) -> io::Result<u32> {
        if self.next > STREAM_MAX - 2 {
            return Err(io::Error::other("a connection is used up after a billion calls: ask for a shorter time"));
        }
        let stream = self.next;
        self.next += 2;
        Ok(stream)
    }

    fn place(&self, stream: u32) -> Option<usize> {
        Some(stream.checked_sub(self.first)? as usize / 2)
    }

    pub(super) fn get(&mut self, stream: u32) -> Option<&mut Call> {
        let place = self.place(stream)?;
        self.open.get_mut(place)?.as_mut()
    }

    pub(super) fn close(&mut self, stream: u32) -> Option<Call> {
        let place = self.place(stream)?;
        let call = self.open.get_mut(place)?.take()?;
        self.count -= 1;
        while let Some(None) = self.open.front() {
            self.open.pop_front();
            self.first += 2;
        }
        Some(call)
    }
}

impl Calls {
    /// Closes all.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = Asked> {
        self.count = 0;
        self.first = self.next;
        self.open.drain(..).flatten().map(|call| call.asked)
    }
}

/// Cuts messages out of data, whose borders are not those of messages.
#[derive(Debug, Default)]
pub(super) struct Messages {
    /// The beginning of a message whose rest is to come.
    rest: Vec<u8>,
}

impl Messages {
    pub(super) fn clear(&mut self) {
        self.rest.clear();
    }

    /// Gives each message that is whole to `take`, and whether it was content with all of them; none where none was whole.
    pub(super) fn each(&mut self, data: &[u8], mut take: impl FnMut(&[u8]) -> bool) -> io::Result<Option<bool>> {
        if self.rest.is_empty() {
            let (used, content) = cut(data, &mut take)?;
            self.rest.extend_from_slice(&data[used..]);
            return Ok(content);
        }
        self.rest.extend_from_slice(data);
        let (used, content) = cut(&self.rest, &mut take)?;
        self.rest.drain(..used);
        Ok(content)
    }
}

fn cut(data: &[u8], take: &mut impl FnMut(&[u8]) -> bool) -> io::Result<(usize, Option<bool>)> {
    let (mut at, mut content) = (0, None);
    while let Some((&[compressed, a, b, c, d], rest)) = data[at..].split_first_chunk::<PREFIX_BYTES>() {
        if compressed != 0 {
            return Err(broken("an answer is compressed, and nobody had asked for that"));
        }
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        let Some(message) = rest.get(..length) else { break };
        content = Some(content.unwrap_or(true) & take(message));
        at += PREFIX_BYTES + length;
    }
    Ok((at, content))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn asked(message: u32) -> Asked {
        Asked { due: 0, message }
    }

    proptest! {
        #[test]
        fn messages_are_the_same_however_they_are_cut(
            messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..20),
            cuts in prop::collection::vec(1_usize..30, 1..60),
        ) {
            let mut data = Vec::new();
            for message in &messages {
                data.push(0);
                data.extend_from_slice(&(message.len() as u32).to_be_bytes());
                data.extend_from_slice(message);
            }
            let (mut found, mut cutter, mut at, mut cuts) = (Vec::new(), Messages::default(), 0, cuts.into_iter().cycle());
            while at < data.len() {
                let end = (at + cuts.next().unwrap()).min(data.len());
                cutter.each(&data[at..end], |message| { found.push(message.to_vec()); true }).unwrap();
                at = end;
            }
            prop_assert_eq!(found, messages);
            prop_assert!(cutter.rest.is_empty());
        }

        /// Against a map by stream number.
        #[test]
        fn calls_are_found_in_whatever_order_they_end(order in prop::collection::vec(any::<prop::sample::Index>(), 1..80)) {
            let (mut calls, mut model) = (Calls::new(), Vec::new());
            for (nth, index) in order.iter().enumerate() {
                for _ in 0..nth % 3 {
                    let message = model.len() as u32 + 1000 * nth as u32;
                    model.push((calls.open(asked(message)).unwrap(), message));
                }
                if !model.is_empty() {
                    let (stream, message) = model.remove(index.index(model.len()));
                    prop_assert_eq!(calls.get(stream).unwrap().asked, asked(message));
                    prop_assert_eq!(calls.close(stream).unwrap().asked, asked(message));
                    prop_assert!(calls.close(stream).is_none() && calls.get(stream).is_none());
                }
                prop_assert_eq!(calls.len(), model.len());
            }
        }
    }

    #[test]
    fn a_compressed_answer_is_refused() {
        assert!(Messages::default().each(&[1, 0, 0, 0, 0], |_| true).is_err());
    }
}
