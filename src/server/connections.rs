//! Accepts connections: a limited number, and none whose client stays silent.
//!
//! A connection takes a file descriptor, and the journal needs some as well. Without a limit, clients that connect and send
//! nothing would in the end stop the writer.

use super::tls::{Tls, names_of};
use crate::access::CertificateNames;
use crate::grpc::Peer;
use crate::ledger::{Account, Held, Memory};
use std::future::Future as _;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Sleep, sleep};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tonic::transport::server::Connected;

/// Length of the preface that every HTTP/2 client sends first.
const PREFACE_BYTES: usize = 24;
/// How long nothing is accepted after the system has refused a connection, such as for lack of file descriptors.
const PAUSE: Duration = Duration::from_millis(100);
/// File descriptors reserved for the journal.
const RESERVED_FILES: usize = 128;
/// File descriptors that a runtime needs: epoll and eventfd.
const FILES_PER_RUNTIME: usize = 4;
/// The limit of file descriptors that is assumed where the system does not tell one.
const DEFAULT_FILES: usize = 1_024;
/// Bytes of memory that a connection takes, whatever is asked on it.
const CONNECTION_BYTES: usize = 16 << 10;
/// The most connections, whatever the limit of file descriptors.
const MAX_CONNECTIONS: usize = 8_192;

/// Returns how many connections the process's limit of file descriptors leaves room for, beside so many runtimes.
pub fn most_connections(runtimes: usize) -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    most_of(files_of(&limits).saturating_sub(FILES_PER_RUNTIME * runtimes))
}

/// Returns the soft limit of file descriptors in the text of `/proc/self/limits`.
fn files_of(limits: &str) -> usize {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let soft = line.and_then(|line| line.split_whitespace().next()).unwrap_or_default();
    if soft == "unlimited" { usize::MAX } else { soft.parse().unwrap_or(DEFAULT_FILES) }
}

fn most_of(files: usize) -> usize {
    files.saturating_sub(RESERVED_FILES).max(files / 2).clamp(1, MAX_CONNECTIONS)
}

/// Accepts connections up to a limit; more are closed at once.
pub struct Acceptor {
    listener: TcpListener,
    permits: Arc<Semaphore>,
    /// Whether the last connection was closed for the limit, which is logged once.
    is_full: bool,
}

impl Acceptor {
    /// An acceptor of at most `most` connections at a time.
    pub fn new(listener: TcpListener, most: usize) -> Self {
        Self { listener, permits: Arc::new(Semaphore::new(most.clamp(1, Semaphore::MAX_PERMITS))), is_full: false }
    }

    /// Waits for the next connection within the limit.
    pub async fn next(&mut self) -> Accepted {
        loop {
            let accepted = match self.listener.accept().await {
                // Taken from this runtime: it is registered with that of the thread that will serve it.
                Ok((stream, _)) => stream.into_std(),
                Err(error) => Err(error),
            };
            match accepted {
                Ok(stream) => {
                    if let Some(accepted) = self.admit(stream) {
                        return accepted;
                    }
                }
                Err(error) if matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset) => {}
                Err(error) => {
                    tracing::warn!(%error, "no connection can be accepted");
                    sleep(PAUSE).await;
                }
            }
        }
    }

    fn admit(&mut self, stream: std::net::TcpStream) -> Option<Accepted> {
        let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() else {
            if !self.is_full {
                tracing::warn!("there are as many connections as there is room for: more are closed at once");
            }
            self.is_full = true;
            return None;
        };
        self.is_full = false;
        // Without the option a connection is only slower.
        let _ = stream.set_nodelay(true);
        Some(Accepted { stream, permit })
    }
}

/// A connection that is accepted and not served yet.
pub struct Accepted {
    stream: std::net::TcpStream,
    permit: OwnedSemaphorePermit,
}

impl Accepted {
    /// Registers the connection with the present runtime. The client must send the HTTP/2 preface within
    /// `preface_timeout`; `count` is held as long as the connection lasts, and its calls take their memory from `memory`.
    ///
    /// # Errors
    /// If the system refuses it, or there is no memory for it.
    pub fn register(self, preface_timeout: Duration, count: Arc<()>, memory: &Memory) -> io::Result<Connection> {
        let account = memory.account();
        let held = account.try_take(CONNECTION_BYTES).ok_or_else(|| io::Error::other("too much is under way for another connection"))?;
        let stream = TcpStream::from_std(self.stream)?;
        let address = stream.peer_addr().ok().map(|address| address.ip().to_canonical());
        Ok(Connection {
            stream: Transport::Plain(stream),
            address,
            certificate: None,
            preface_timeout,
            preface_bytes: PREFACE_BYTES,
            preface_deadline: Some(Box::pin(sleep(preface_timeout))),
            account,
            _held: held,
            _permit: self.permit,
            _count: count,
        })
    }
}

/// A connection that fails if the client does not send the HTTP/2 preface in time.
pub struct Connection {
    stream: Transport,
    /// Where the client is.
    address: Option<IpAddr>,
    /// The names of its certificate.
    certificate: Option<Arc<CertificateNames>>,
    preface_timeout: Duration,
    /// Bytes of the preface that are still to come.
    preface_bytes: usize,
    /// `None` once the preface has come.
    preface_deadline: Option<Pin<Box<Sleep>>>,
    account: Account,
    _held: Held,
    _permit: OwnedSemaphorePermit,
    _count: Arc<()>,
}

/// What a connection's bytes go over.
enum Transport {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Connection {
    /// The same connection once client and server have shaken hands.
    ///
    /// # Errors
    /// If they do not agree, the client's certificate is not good, or it takes too long.
    pub async fn secured(mut self, tls: &Arc<Tls>) -> io::Result<Self> {
        let Transport::Plain(stream) = self.stream else { return Ok(self) };
        let silent = |_| io::Error::new(io::ErrorKind::TimedOut, "the client says nothing");
        let stream = tokio::time::timeout(self.preface_timeout, TlsAcceptor::from(tls.config()).accept(stream)).await.map_err(silent)??;
        let certificates = stream.get_ref().1.peer_certificates();
        self.certificate = certificates.and_then(|chain| names_of(chain, tls)).map(Arc::new);
        self.preface_deadline = Some(Box::pin(sleep(self.preface_timeout)));
        Ok(Self { stream: Transport::Tls(Box::new(stream)), ..self })
    }
}

impl Connected for Connection {
    /// In the extensions of each request.
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        Peer { account: self.account.clone(), address: self.address, certificate: self.certificate.clone() }
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = match &mut self.stream {
            Transport::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Transport::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        };
        if self.preface_deadline.is_some() {
            self.preface_bytes = self.preface_bytes.saturating_sub(buffer.filled().len() - before);
            if self.preface_bytes == 0 {
                self.preface_deadline = None;
            }
        }
        match &mut self.preface_deadline {
            Some(deadline) if read.is_pending() => {
                ready!(deadline.as_mut().poll(context));
                Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client says nothing")))
            }
            _ => read,
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.stream {
            Transport::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Transport::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        match &mut self.stream {
            Transport::Plain(stream) => Pin::new(stream).poll_write_vectored(context, bytes),
            Transport::Tls(stream) => Pin::new(stream).poll_write_vectored(context, bytes),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.stream {
            Transport::Plain(stream) => stream.is_write_vectored(),
            Transport::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Transport::Plain(stream) => Pin::new(stream).poll_flush(context),
            Transport::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Transport::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Transport::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_journal_keeps_some_files_for_itself() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units     \n\
                      Max open files            1024                 524288               files     \n";
        assert_eq!(files_of(limits), 1_024);
        assert_eq!(files_of("Max open files            unlimited            unlimited            files"), usize::MAX);
        assert_eq!(files_of("nothing of the kind"), DEFAULT_FILES);
        assert_eq!([1_024, 20_000, 100, usize::MAX].map(most_of), [896, MAX_CONNECTIONS, 50, MAX_CONNECTIONS]);
    }
}
