//! One HTTP/1.1 connection, driven by whoever asks over it: no task beside the user's has to be woken for an answer.

use greenlight_clients::{Endpoint, Stream};
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1::{Connection, SendRequest, handshake};
use hyper_util::rt::TokioIo;
use std::future::{Future as _, poll_fn};
use std::io;
use std::pin::{Pin, pin};

/// An open connection.
pub(crate) struct Line {
    sender: SendRequest<Full<Bytes>>,
    connection: Connection<TokioIo<Box<dyn Stream>>, Full<Bytes>>,
    ended: bool,
}

impl Line {
    /// Connects, over TLS where the address says so.
    ///
    /// # Errors
    /// When there is no connection.
    pub(crate) async fn open(endpoint: &Endpoint) -> io::Result<Self> {
        let stream = TokioIo::new(endpoint.connect().await?);
        let (sender, connection) = handshake(stream).await.map_err(io::Error::other)?;
        Ok(Self { sender, connection, ended: false })
    }

    /// Whether nothing can be asked over it any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.ended || self.sender.is_closed()
    }

    /// Sends a request and reads its answer to the end; gives the status.
    ///
    /// # Errors
    /// When no whole answer came.
    pub(crate) async fn exchange(&mut self, request: Request<Full<Bytes>>) -> hyper::Result<u16> {
        let Self { sender, connection, ended } = self;
        let mut answer = pin!(async {
            sender.ready().await?;
            let response = sender.send_request(request).await?;
            let status = response.status().as_u16();
            let mut body = response.into_body();
            while let Some(frame) = body.frame().await {
                frame?;
            }
            Ok(status)
        });
        poll_fn(|context| {
            // First what has arrived, then who waits for it.
            if !*ended {
                *ended = Pin::new(&mut *connection).poll(context).is_ready();
            }
            answer.as_mut().poll(context)
        })
        .await
    }
}
