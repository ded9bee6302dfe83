//! Clients that are stuck, each in a way of its own, for as long as these are held.

use std::io::Write as _;
use std::net::TcpStream;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use partnership_ledger::proto::audit_service_client::AuditServiceClient;
use partnership_ledger::proto::ledger_service_client::LedgerServiceClient;
use partnership_ledger::proto::{AppendStreamRequest, AppendStreamResponse, ReadRecordsRequest, ReadRecordsResponse};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Sleep, sleep};
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;
use tonic::body::Body;
use tonic::codegen::Bytes;
use tonic::codegen::http::Request;
use tonic::transport::{Channel, Endpoint};

use crate::common::events::partner;
use crate::common::server::Server;

/// Connections on which nothing is said, or not enough.
pub fn silent(address: &str, count: usize, said: &[u8]) -> Vec<TcpStream> {
    let connect = |_| {
        let mut stream = TcpStream::connect(address).expect("a connection");
        stream.write_all(said).expect("the little it says");
        stream
    };
    (0..count).map(connect).collect()
}

/// A connection whose client takes in little at once.
async fn narrow(server: &Server) -> Channel {
    let endpoint: Endpoint = server.endpoint().initial_stream_window_size(1_024).initial_connection_window_size(65_535);
    endpoint.connect().await.expect("a connection")
}

/// Calls of which a part of the message is sent, and never the rest; each comes to the status that it is answered with.
pub async fn half_sent(address: &str, count: usize) -> Vec<JoinHandle<Option<String>>> {
    let stream = tokio::net::TcpStream::connect(address).await.expect("a connection");
    let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("a connection");
    tokio::spawn(connection);
    let mut held = Vec::new();
    for _ in 0..count {
        let mut sender = sender.clone();
        held.push(tokio::spawn(async move {
            // The head says four million bytes; a few thousand follow.
            let mut part = vec![0, 0, 0x3d, 0x09, 0x00];
            part.resize(8_000, b'x');
            let frames = tokio_stream::once(Ok::<_, std::io::Error>(Bytes::from(part))).chain(tokio_stream::pending());
            let request = Request::post("http://ledger/partnership.ledger.v1.LedgerService/Append")
                .header("content-type", "application/grpc")
                .header("te", "trailers")
                .body(Body::new(http_body_of(frames)))
                .expect("a request");
            let answer = sender.send_request(request).await.ok()?;
            answer.headers().get("grpc-status")?.to_str().ok().map(str::to_owned)
        }));
    }
    held
}

/// A body of these pieces.
pub fn http_body_of(
    frames: impl tokio_stream::Stream<Item = Result<Bytes, std::io::Error>> + Send + 'static,
) -> impl tonic::codegen::Body<Data = Bytes, Error = std::io::Error> + Send + 'static {
    Frames(Box::pin(frames))
}

/// A body that comes piece by piece.
struct Frames(Pin<Box<dyn tokio_stream::Stream<Item = Result<Bytes, std::io::Error>> + Send>>);

impl tonic::codegen::Body for Frames {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<hyper::body::Frame<Bytes>, std::io::Error>>> {
        self.0.as_mut().poll_next(context).map(|piece| piece.map(|piece| piece.map(hyper::body::Frame::data)))
    }
}

/// An append stream that sends for as long as it is taken, and never reads an answer.
pub struct Unread {
    _answers: Streaming<AppendStreamResponse>,
    _sender: mpsc::Sender<AppendStreamRequest>,
    /// What it could send.
    pub sent: usize,
}

/// Opens one, and sends until nothing is taken for a while.
pub async fn unread_answers(server: &Server, name: &str) -> Unread {
    let (sender, requests) = mpsc::channel(1);
    let mut writer = LedgerServiceClient::new(narrow(server).await);
    let mut sent = 0;
    let request = |number: usize| AppendStreamRequest {
        request_id: format!("{number} {}", "x".repeat(200)),
        events: vec![partner(&format!("{name}-{number}"))],
        expected_last_position: None,
    };
    sender.send(request(sent)).await.expect("the first");
    let answers = writer.append_stream(ReceiverStream::new(requests)).await.expect("a stream").into_inner();
    while let Ok(taken) = tokio::time::timeout(Duration::from_millis(700), sender.send(request(sent + 1))).await {
        taken.expect("the stream goes on");
        sent += 1;
        assert!(sent < 200_000, "a stream that reads no answer may send without end");
    }
    Unread { _answers: answers, _sender: sender, sent }
}

/// Streams of records of which nothing is read.
pub async fn unread_records(server: &Server, count: usize) -> Vec<Streaming<ReadRecordsResponse>> {
    let mut auditor = AuditServiceClient::new(narrow(server).await);
    let mut held = Vec::new();
    for _ in 0..count {
        match auditor.read_records(ReadRecordsRequest::default()).await {
            Ok(stream) => held.push(stream.into_inner()),
            // One connection has its share, and no more.
            Err(status) => assert_eq!(status.code(), tonic::Code::ResourceExhausted, "{status:?}"),
        }
    }
    held
}

/// A reader of records that takes them in byte by byte. Ends when it is aborted.
pub async fn byte_by_byte(server: &Server) -> JoinHandle<()> {
    let address = server.address.clone();
    let connect = tower::service_fn(move |_| {
        let stream = tokio::net::TcpStream::connect(address.clone());
        async move { stream.await.map(|stream| TokioIo::new(ByteByByte { stream, pause: Box::pin(sleep(Duration::ZERO)) })) }
    });
    let channel = server.endpoint().connect_with_connector(connect).await.expect("a connection");
    let mut auditor = AuditServiceClient::new(channel);
    tokio::spawn(async move {
        let Ok(pages) = auditor.read_records(ReadRecordsRequest::default()).await else { return };
        let mut pages = pages.into_inner();
        while let Ok(Some(_)) = pages.message().await {}
    })
}

/// A connection from which one byte can be read each millisecond.
struct ByteByByte {
    stream: tokio::net::TcpStream,
    pause: Pin<Box<Sleep>>,
}

impl AsyncRead for ByteByByte {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        ready!(self.pause.as_mut().poll(context));
        let mut byte = [0];
        let mut one = ReadBuf::new(&mut byte);
        ready!(Pin::new(&mut self.stream).poll_read(context, &mut one))?;
        buffer.put_slice(one.filled());
        self.pause = Box::pin(sleep(Duration::from_millis(1)));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for ByteByByte {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
