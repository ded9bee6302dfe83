//! Where the messages of a gRPC body begin and end.

/// Length of a gRPC message header: a flag for compression and the message's length.
const HEAD_BYTES: usize = 5;

/// Finds the message boundaries in the received bytes.
#[derive(Debug, Default)]
pub struct Framing {
    head: [u8; HEAD_BYTES],
    head_len: usize,
    /// Bytes of the message under way that are still to come.
    pub missing: usize,
}

impl Framing {
    /// Returns how many of these bytes belong to messages that end within them.
    pub fn whole(&mut self, bytes: &[u8]) -> usize {
        let (mut at, mut whole) = (0, 0);
        while at < bytes.len() {
            if self.head_len < HEAD_BYTES {
                self.head[self.head_len] = bytes[at];
                self.head_len += 1;
                at += 1;
                if self.head_len == HEAD_BYTES {
                    let [_, length @ ..] = self.head;
                    self.missing = u32::from_be_bytes(length) as usize;
                }
            } else {
                let some = self.missing.min(bytes.len() - at);
                self.missing -= some;
                at += some;
            }
            if self.head_len == HEAD_BYTES && self.missing == 0 {
                self.head_len = 0;
                whole = at;
            }
        }
        whole
    }
}
