//! Connections as they come in: no more than there is room for, and none that stays mute.
//!
//! Every connection takes a file of the process, and so does the journal. Without a bound, clients that connect and say
//! nothing would in the end stop the writer.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Sleep, sleep};
use tonic::transport::server::{Connected, TcpConnectInfo};

/// What every HTTP/2 client says first, in bytes.
const PREFACE_BYTES: usize = 24;
/// How long nothing is accepted after the system has refused a connection for want of something.
const PAUSE: Duration = Duration::from_millis(100);
/// Files that are left to the journal.
const OWN_FILES: usize = 128;
/// Files that a runtime needs: what it waits with, and is woken by.
const FILES_OF_A_RUNTIME: usize = 4;
/// Files that a process may have open where the system does not say.
const USUAL_FILES: usize = 1_024;
/// The most connections, however many files there may be.
const MOST: usize = 8_192;

/// How many connections the process's limit of open files leaves room for beside so many runtimes.
pub fn most_connections(runtimes: usize) -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    most_of(files_of(&limits).saturating_sub(FILES_OF_A_RUNTIME * runtimes))
}

/// The soft limit of open files in the text that Linux gives.
fn files_of(limits: &str) -> usize {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let soft = line.and_then(|line| line.split_whitespace().next()).unwrap_or_default();
    if soft == "unlimited" { usize::MAX } else { soft.parse().unwrap_or(USUAL_FILES) }
}

fn most_of(files: usize) -> usize {
    files.saturating_sub(OWN_FILES).max(files / 2).clamp(1, MOST)
}

/// Accepts connections. One for which there is no room is closed at once.
pub struct Acceptor {
    listener: TcpListener,
    room: Arc<Semaphore>,
    is_full: bool,
}

impl Acceptor {
    /// So many connections at a time.
    pub fn new(listener: TcpListener, most: usize) -> Self {
        Self { listener, room: Arc::new(Semaphore::new(most.clamp(1, Semaphore::MAX_PERMITS))), is_full: false }
    }

    /// The next connection that there is room for.
    pub async fn next(&mut self) -> Newcomer {
        loop {
            let accepted = match self.listener.accept().await {
                // It is to be watched by the thread that will serve it.
                Ok((stream, _)) => stream.into_std(),
                Err(error) => Err(error),
            };
            match accepted {
                Ok(stream) => {
                    if let Some(newcomer) = self.admit(stream) {
                        return newcomer;
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

    fn admit(&mut self, stream: std::net::TcpStream) -> Option<Newcomer> {
        let Ok(room) = Arc::clone(&self.room).try_acquire_owned() else {
            if !self.is_full {
                tracing::warn!("there are as many connections as there is room for: more are closed at once");
            }
            self.is_full = true;
            return None;
        };
        self.is_full = false;
        // A connection that does not take the option is slower, and no worse.
        let _ = stream.set_nodelay(true);
        Some(Newcomer { stream, room })
    }
}

/// A connection that no thread serves yet.
pub struct Newcomer {
    stream: std::net::TcpStream,
    room: OwnedSemaphorePermit,
}

impl Newcomer {
    /// The connection for the present runtime. The client must begin to speak HTTP/2 within `preface_timeout`; `counted` is
    /// held as long as it lasts.
    ///
    /// # Errors
    /// If the system refuses to watch it.
    pub fn settle(self, preface_timeout: Duration, counted: Arc<()>) -> io::Result<Connection> {
        let stream = TcpStream::from_std(self.stream)?;
        Ok(Connection {
            stream,
            unsaid: PREFACE_BYTES,
            preface_timeout: Some(Box::pin(sleep(preface_timeout))),
            _room: self.room,
            _counted: counted,
        })
    }
}

/// A connection that fails if the client does not begin to speak.
pub struct Connection {
    stream: TcpStream,
    /// Bytes of the preface that are still to come.
    unsaid: usize,
    preface_timeout: Option<Pin<Box<Sleep>>>,
    _room: OwnedSemaphorePermit,
    _counted: Arc<()>,
}

impl Connected for Connection {
    type ConnectInfo = TcpConnectInfo;

    fn connect_info(&self) -> Self::ConnectInfo {
        self.stream.connect_info()
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if self.preface_timeout.is_some() {
            self.unsaid = self.unsaid.saturating_sub(buffer.filled().len() - before);
            if self.unsaid == 0 {
                self.preface_timeout = None;
            }
        }
        match &mut self.preface_timeout {
            Some(preface_timeout) if read.is_pending() => {
                ready!(preface_timeout.as_mut().poll(context));
                Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client says nothing")))
            }
            _ => read,
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
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
        assert_eq!(files_of("nothing of the kind"), USUAL_FILES);
        assert_eq!([1_024, 20_000, 100, usize::MAX].map(most_of), [896, MOST, 50, MOST]);
    }
}
