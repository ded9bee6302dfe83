//! Calls that are given up before the server has seen them, as bytes of HTTP/2 that arrive all at once.

use std::time::Duration;

use partnership_ledger::proto::AppendStreamRequest;
use prost::Message as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::common::events::partner;
use crate::common::server::Server;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const CANCEL: [u8; 4] = [0, 0, 0, 8];

fn frame(kind: u8, flags: u8, stream: u32, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).expect("short").to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), content].concat()
}

/// The headers of a call, without Huffman codes and without the dynamic table.
fn headers(path: &str) -> Vec<u8> {
    let text = |text: &str| [&[u8::try_from(text.len()).expect("short")], text.as_bytes()].concat();
    // :method POST, :scheme http; then :path, :authority and content-type by the number of their names, te by its name.
    [
        vec![0x83, 0x86, 0x04],
        text(path),
        vec![0x01],
        text("ledger"),
        vec![0x0f, 0x10],
        text("application/grpc"),
        vec![0x00],
        text("te"),
        text("trailers"),
    ]
    .concat()
}

fn message(content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).expect("short").to_be_bytes();
    [&[0], &length[..], content].concat()
}

/// Opens an append stream, gives up so many reads that arrive all at once, and appends. Returns whether that is answered;
/// false if the server ends the connection.
pub async fn survives(server: &Server, resets: u32, name: &str) -> bool {
    let mut stream = TcpStream::connect(&server.address).await.expect("a connection");
    let mut said = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    said.extend(frame(SETTINGS, 0, 0, &[]));
    said.extend(frame(HEADERS, END_HEADERS, 1, &headers("/partnership.ledger.v1.LedgerService/AppendStream")));
    stream.write_all(&said).await.expect("said");
    tokio::time::sleep(Duration::from_millis(100)).await;
    let mut burst = Vec::new();
    for number in 1..=resets {
        let id = 1 + 2 * number;
        burst.extend(frame(HEADERS, END_HEADERS, id, &headers("/partnership.ledger.v1.PartnershipService/ListBalances")));
        burst.extend(frame(DATA, END_STREAM, id, &message(&[])));
        burst.extend(frame(RST_STREAM, 0, id, &CANCEL));
    }
    let request = AppendStreamRequest { request_id: "after".into(), events: vec![partner(name)], expected_last_position: None };
    burst.extend(frame(DATA, 0, 1, &message(&request.encode_to_vec())));
    // The server may hang up meanwhile.
    let _ = stream.write_all(&burst).await;
    let answered = async {
        loop {
            let mut head = [0; 9];
            if stream.read_exact(&mut head).await.is_err() {
                return false;
            }
            let [a, b, c, kind, _, stream_id @ ..] = head;
            let mut content = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
            if stream.read_exact(&mut content).await.is_err() || kind == GOAWAY {
                return false;
            }
            if kind == DATA && u32::from_be_bytes(stream_id) == 1 && !content.is_empty() {
                return true;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), answered).await.expect("an answer, or the end")
}
