//! A browser as far as HTTP goes: cookies, forms and redirects over a real socket, and nothing that a script would do.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    sync::Arc,
};
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};

/// What a client does that takes the certificates of an authority (PEM).
pub fn trusting(ca: &Path) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca).unwrap()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    Arc::new(builder.with_root_certificates(roots).with_no_client_auth())
}

/// A page that was answered.
#[derive(Clone, Debug)]
pub struct Page {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Page {
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    pub fn location(&self) -> &str {
        self.header("location")
    }

    /// The first value of a field of a form.
    pub fn field(&self, name: &str) -> String {
        let (_, rest) = self.body.split_once(&format!("name=\"{name}\" value=\"")).unwrap_or_default();
        rest.split('"').next().unwrap_or_default().to_owned()
    }

    /// Status and reason of the page of a device.
    #[track_caller]
    pub fn verdict(&self) -> (String, String) {
        let between = |text: &str, from: &str, to: &str| -> String {
            let rest = text.split_once(from).unwrap_or_else(|| panic!("no {from:?} in {text}")).1;
            rest.split(to).next().unwrap().to_owned()
        };
        let section = between(&self.body, "<section class=\"verdict ", "</section>");
        (section.split('"').next().unwrap().to_owned(), between(&section, "<p class=\"reason\">", "</p>"))
    }
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Browser {
    address: SocketAddr,
    pub cookies: BTreeMap<String, String>,
    /// The token of the forms of the page that is shown.
    pub csrf: String,
    /// Whose certificates it takes, where it speaks TLS.
    tls: Option<Arc<ClientConfig>>,
}

impl Browser {
    pub fn new(address: SocketAddr) -> Self {
        Self { address, cookies: BTreeMap::new(), csrf: String::new(), tls: None }
    }

    /// A browser that speaks TLS and takes the certificates of an authority (PEM).
    pub fn secure(address: SocketAddr, ca: &Path) -> Self {
        Self { tls: Some(trusting(ca)), ..Self::new(address) }
    }

    /// A browser in which somebody is signed in by token.
    #[track_caller]
    pub fn signed_in(address: SocketAddr, token: &str) -> Self {
        let mut browser = Self::new(address);
        browser.get("/sign-in");
        let entered = browser.post("/sign-in/token", &[("token", token)]);
        assert_eq!((entered.status, entered.location()), (303, "/"), "{}", entered.body);
        browser.get("/account");
        browser
    }

    pub fn get(&mut self, path: &str) -> Page {
        self.send("GET", path, &[], "")
    }

    /// Sends a form with the token of the page that is shown.
    pub fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let csrf = self.csrf.clone();
        self.post_with(path, &csrf, fields, &[])
    }

    pub fn post_with(&mut self, path: &str, csrf: &str, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> Page {
        let fields = [("csrf", csrf)].into_iter().chain(fields.iter().copied());
        let fields = fields.map(|(name, value)| format!("{name}={}", encoded(value)));
        let body = fields.collect::<Vec<_>>().join("&");
        let form = ("Content-Type", "application/x-www-form-urlencoded");
        self.send("POST", path, &[&[form], headers].concat(), &body)
    }

    /// Searches, and follows to the result.
    #[track_caller]
    pub fn find(&mut self, fields: &[(&str, &str)]) -> Page {
        let sent = self.post("/search", fields);
        assert_eq!(sent.status, 303, "{}", sent.body);
        let path = sent.location().to_owned();
        assert!(path.starts_with("/result/") && path.len() == 24, "{path}");
        self.get(&path)
    }

    pub fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Page {
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", self.address);
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            write!(request, "Cookie: {}\r\n", cookies.join("; ")).unwrap();
        }
        for (name, value) in headers {
            write!(request, "{name}: {value}\r\n").unwrap();
        }
        write!(request, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        let mut socket = TcpStream::connect(self.address).unwrap();
        let mut answer = Vec::new();
        if let Some(config) = &self.tls {
            let session = ClientConnection::new(Arc::clone(config), "localhost".try_into().unwrap()).unwrap();
            let mut secured = StreamOwned::new(session, socket);
            secured.write_all(request.as_bytes()).unwrap();
            secured.read_to_end(&mut answer).unwrap();
        } else {
            socket.write_all(request.as_bytes()).unwrap();
            socket.read_to_end(&mut answer).unwrap();
        }
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines.map(|line| line.split_once(": ").unwrap());
        let headers = headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
        let page = Page { status, headers, body: body.to_owned() };
        self.take_cookies(&page);
        if !page.field("csrf").is_empty() {
            self.csrf = page.field("csrf");
        }
        page
    }

    fn take_cookies(&mut self, page: &Page) {
        for (_, cookie) in page.headers.iter().filter(|(name, _)| name == "set-cookie") {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if cookie.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

fn encoded(value: &str) -> String {
    value.bytes().fold(String::new(), |mut text, byte| {
        match byte.is_ascii_alphanumeric() {
            true => text.push(byte.into()),
            false => write!(text, "%{byte:02X}").unwrap(),
        }
        text
    })
}
