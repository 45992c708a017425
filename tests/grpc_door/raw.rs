//! A client below gRPC: HTTP/2 frames, so that a test sees what a gRPC library would hide.

use bytes::{BufMut, Bytes, BytesMut};
use h2::client::SendRequest;
use http::{HeaderMap, Request};
use std::net::SocketAddr;
use tokio::net::TcpStream;

pub const CHECK: &str = "/saring.v1.EquipmentCheck/Check";
pub const CHECK_BATCH: &str = "/saring.v1.EquipmentCheck/CheckBatch";

/// One answered call.
#[derive(Debug)]
pub struct Answered {
    pub grpc_status: Option<i32>,
    pub body: Bytes,
}

pub async fn connect(address: SocketAddr) -> SendRequest<Bytes> {
    let socket = TcpStream::connect(address).await.unwrap();
    socket.set_nodelay(true).unwrap();
    let (client, connection) = h2::client::handshake(socket).await.unwrap();
    tokio::spawn(async move {
        // How the connection ends is seen by its calls.
        let _ = connection.await;
    });
    client
}

/// A message with gRPC's prefix: not compressed, length, bytes.
pub fn framed(message: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(message.len() + 5);
    frame.put_u8(0);
    frame.put_u32(message.len() as u32);
    frame.put_slice(message);
    frame.freeze()
}

/// Sends one unary call and reads all of its answer.
pub async fn call(
    client: SendRequest<Bytes>,
    path: &str,
    timeout: Option<&str>,
    body: Bytes,
) -> Result<Answered, h2::Error> {
    let mut request =
        Request::post(format!("http://node{path}")).header("content-type", "application/grpc").header("te", "trailers");
    if let Some(timeout) = timeout {
        request = request.header("grpc-timeout", timeout);
    }
    let mut client = client.ready().await?;
    let (response, mut send) = client.send_request(request.body(()).unwrap(), false)?;
    // A refused call may be answered before its message has been sent.
    let _ = send.send_data(body, true);
    let (head, mut receive) = response.await?.into_parts();
    let mut body = BytesMut::new();
    while let Some(data) = receive.data().await {
        match data {
            Ok(data) => {
                receive.flow_control().release_capacity(data.len())?;
                body.extend_from_slice(&data);
            }
            // After a whole answer the server may say that it needs no more of the request.
            Err(error) if error.reason() == Some(h2::Reason::NO_ERROR) => break,
            Err(error) => return Err(error),
        }
    }
    let trailers = receive.trailers().await.ok().flatten();
    let status = |headers: &HeaderMap| headers.get("grpc-status")?.to_str().ok()?.parse().ok();
    let grpc_status = trailers.as_ref().and_then(status).or_else(|| status(&head.headers));
    Ok(Answered { grpc_status, body: body.freeze() })
}
