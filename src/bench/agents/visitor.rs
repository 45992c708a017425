//! A visitor of the console: a connection, forms and pages.

use super::Search;
use crate::grpc::Token;
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::{
    body::{Bytes, Incoming},
    client::conn::http1::{self, SendRequest},
};
use hyper_util::rt::TokioIo;
use std::{fmt::Write as _, io, net::SocketAddr};
use tokio::net::TcpStream;

/// See the module.
pub(super) struct Visitor {
    address: SocketAddr,
    requests: SendRequest<Full<Bytes>>,
}

/// Who is signed in.
#[derive(Debug)]
pub(super) struct Session {
    cookies: String,
    csrf: String,
}

/// What a result's page says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) status: String,
    pub(super) reason: String,
}

/// What came back.
struct Answer {
    head: http::response::Parts,
    body: String,
}

impl Answer {
    fn of_status(self, status: StatusCode) -> Result<Self, io::Error> {
        match self.head.status == status {
            true => Ok(self),
            false => Err(io::Error::other(format!("the console answered {}, expected {status}", self.head.status))),
        }
    }

    fn location(&self) -> Result<&str, io::Error> {
        let location = self.head.headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
        location.ok_or_else(|| io::Error::other("the console leads nowhere"))
    }
}

impl Visitor {
    pub(super) async fn connect(address: SocketAddr) -> Result<Self, io::Error> {
        let named = |error: io::Error| io::Error::new(error.kind(), format!("{address}: {error}"));
        let stream = TcpStream::connect(address).await.map_err(named)?;
        stream.set_nodelay(true)?;
        let (requests, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        // Its end is seen by the requests.
        tokio::task::spawn_local(connection);
        Ok(Self { address, requests })
    }

    /// The same visitor on a new connection.
    pub(super) async fn again(&self) -> Result<Self, io::Error> {
        Self::connect(self.address).await
    }

    /// Signs in by token.
    pub(super) async fn sign_in(&mut self, token: &Token) -> Result<Session, io::Error> {
        let form = self.send(&Session::none(), "GET", "/sign-in", "").await?.of_status(StatusCode::OK)?;
        let visit = Session { cookies: cookies(&form.head), csrf: field(&form.body, "csrf").to_owned() };
        let fields = fields(&[("csrf", &visit.csrf), ("token", token.reveal())]);
        let entered = self.send(&visit, "POST", "/sign-in/token", &fields).await?;
        if entered.head.status == StatusCode::UNAUTHORIZED {
            return Err(io::Error::other("the console knows no such token"));
        }
        let entered = entered.of_status(StatusCode::SEE_OTHER)?;
        let session = Session { cookies: cookies(&entered.head), csrf: String::new() };
        let page = self.send(&session, "GET", "/", "").await?;
        if page.head.status == StatusCode::SEE_OTHER {
            return Err(io::Error::other(
                "whose token this is may not search: it takes a role of agent, supervisor or auditor",
            ));
        }
        let page = page.of_status(StatusCode::OK)?;
        Ok(Session { csrf: field(&page.body, "csrf").to_owned(), ..session })
    }

    /// Searches, and follows to the result.
    pub(super) async fn search(&mut self, session: &Session, search: &Search) -> Result<Page, io::Error> {
        let number = search.number.map(|number| number.to_string()).unwrap_or_default();
        let fields = fields(&[("csrf", &session.csrf), ("q", &search.text), ("number", &number)]);
        let sent = self.send(session, "POST", "/search", &fields).await?.of_status(StatusCode::SEE_OTHER)?;
        let page = self.send(session, "GET", sent.location()?, "").await?.of_status(StatusCode::OK)?;
        let status = between(&page.body, "<section class=\"verdict ", "\"");
        let reason = between(&page.body, "<p class=\"reason\">", "</p>");
        Ok(Page { status: status.to_owned(), reason: reason.trim().to_owned() })
    }

    async fn send(&mut self, session: &Session, method: &str, path: &str, body: &str) -> Result<Answer, io::Error> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, self.address.to_string())
            .header(header::COOKIE, &session.cookies)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::new(Bytes::copy_from_slice(body.as_bytes())))
            .map_err(io::Error::other)?;
        self.requests.ready().await.map_err(io::Error::other)?;
        let response: Response<Incoming> = self.requests.send_request(request).await.map_err(io::Error::other)?;
        let (head, body) = response.into_parts();
        let bytes = body.collect().await.map_err(io::Error::other)?.to_bytes();
        Ok(Answer { head, body: String::from_utf8_lossy(&bytes).into_owned() })
    }
}

impl Session {
    const fn none() -> Self {
        Self { cookies: String::new(), csrf: String::new() }
    }
}

/// The cookies that a response sets, as they are sent back.
fn cookies(head: &http::response::Parts) -> String {
    let set = head.headers.get_all(header::SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = set.filter(|cookie| !cookie.contains("Max-Age=0")).filter_map(|cookie| cookie.split(';').next());
    pairs.collect::<Vec<_>>().join("; ")
}

/// The value of a hidden field of a page's first form that has it.
fn field<'a>(page: &'a str, name: &str) -> &'a str {
    between(page, &format!("name=\"{name}\" value=\""), "\"")
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let rest = text.split_once(before).map_or("", |(_, rest)| rest);
    rest.split_once(after).map_or("", |(found, _)| found)
}

/// Fields as forms send them.
fn fields(fields: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (name, value) in fields {
        let _ = write!(text, "{}{name}=", if text.is_empty() { "" } else { "&" });
        for byte in value.bytes() {
            let _ = match byte.is_ascii_alphanumeric() {
                true => write!(text, "{}", char::from(byte)),
                false => write!(text, "%{byte:02X}"),
            };
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_encoded() {
        assert_eq!(fields(&[("q", "*#06#"), ("number", "+62 811")]), "q=%2A%2306%23&number=%2B62%20811");
    }

    #[test]
    fn what_a_page_says_is_found() {
        let page = "<input type=\"hidden\" name=\"csrf\" value=\"abc\"><section class=\"verdict black\" id=\"x\">\
                    <p class=\"reason\"> STOLEN </p>";
        assert_eq!(field(page, "csrf"), "abc");
        assert_eq!(between(page, "<section class=\"verdict ", "\""), "black");
        assert_eq!(between(page, "<p class=\"reason\">", "</p>").trim(), "STOLEN");
        assert_eq!(between(page, "nothing", "\""), "");
    }
}
