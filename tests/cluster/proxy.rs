//! A way to the database that can be cut: what is sent then arrives nowhere, and nobody is told.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// The way.
pub struct Proxy {
    /// Where it begins.
    pub port: u16,
    is_cut: Arc<AtomicBool>,
}

impl Proxy {
    /// Opens a way to a port of this machine.
    pub async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let own = listener.local_addr().expect("an address").port();
        let is_cut = Arc::new(AtomicBool::new(false));
        let cut = Arc::clone(&is_cut);
        tokio::spawn(async move {
            while let Ok((from, _)) = listener.accept().await {
                let cut = Arc::clone(&cut);
                tokio::spawn(async move {
                    let Ok(to) = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))).await else { return };
                    let ((from_reading, from_writing), (to_reading, to_writing)) = (from.into_split(), to.into_split());
                    tokio::join!(pass(from_reading, to_writing, &cut), pass(to_reading, from_writing, &cut));
                });
            }
        });
        Self { port: own, is_cut }
    }

    /// Cuts the way, or mends it.
    pub fn cut(&self, is_cut: bool) {
        self.is_cut.store(is_cut, Ordering::SeqCst);
    }
}

/// Passes on what comes while the way is whole.
async fn pass(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, is_cut: &AtomicBool) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        while is_cut.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}
