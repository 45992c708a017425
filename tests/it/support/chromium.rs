//! Debian's Chromium, driven over its DevTools protocol: a real browser with keyboard, screens and switches.
//!
//! Six commands of the protocol are used, so they are written here; the crates that have all of them compile for minutes.

use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader},
    net::TcpStream,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use tungstenite::{Message, WebSocket, client};

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// See the module. Ends with its test.
pub struct Chromium {
    child: Child,
    socket: WebSocket<TcpStream>,
    session: String,
    next: u64,
    /// What the page complained of: refused by its policy, missing, thrown.
    pub complaints: Vec<String>,
    _profile: tempfile::TempDir,
}

/// The browser, where there is one. Its absence is said loudly and fails nothing: `scripts/test` installs it.
pub fn installed() -> Option<PathBuf> {
    let named = std::env::var_os("SARING_CHROMIUM").map(PathBuf::from);
    let found = named.into_iter().chain(["/usr/bin/chromium".into()]).find(|path| path.exists());
    if found.is_none() {
        eprintln!(
            "SKIPPED: there is no Chromium, so nothing of the console was tried in a browser (apt-get install chromium)"
        );
    }
    found
}

impl Chromium {
    pub fn start(program: &PathBuf) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let mut child = Command::new(program)
            .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"])
            .args([
                "--remote-debugging-port=0",
                "--disable-extensions",
                "--disable-background-networking",
                "about:blank",
            ])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let url =
            lines.by_ref().map_while(Result::ok).find_map(|line| Some(line.split_once("listening on ")?.1.to_owned()));
        let url = url.unwrap();
        // Its further complaints are of no interest, but its pipe must not fill up.
        std::thread::spawn(move || lines.for_each(drop));
        let address = url.trim_start_matches("ws://").split('/').next().unwrap();
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let (socket, _) = client(url.as_str(), stream).unwrap();
        let (session, complaints) = (String::new(), Vec::new());
        let mut browser = Self { child, socket, session, next: 0, complaints, _profile: profile };
        let target = browser.call("Target.createTarget", json!({"url": "about:blank"}));
        let attached = browser.call("Target.attachToTarget", json!({"targetId": target["targetId"], "flatten": true}));
        browser.session = attached["sessionId"].as_str().unwrap().to_owned();
        for domain in ["Page", "Runtime", "Log"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        browser
    }

    /// A command and what came of it.
    pub fn call(&mut self, method: &str, params: Value) -> Value {
        self.next += 1;
        let mut order = json!({"id": self.next, "method": method, "params": params});
        if !self.session.is_empty() {
            order["sessionId"] = self.session.as_str().into();
        }
        self.socket.send(Message::text(order.to_string())).unwrap();
        loop {
            let Message::Text(text) = self.socket.read().unwrap() else { continue };
            let answer: Value = serde_json::from_str(&text).unwrap();
            if answer["id"] == self.next {
                assert!(answer["error"].is_null(), "{method}: {}", answer["error"]);
                return answer["result"].clone();
            }
            let entry = &answer["params"]["entry"];
            if answer["method"] == "Runtime.exceptionThrown" || entry["level"] == "error" {
                self.complaints.push(answer["params"].to_string());
            }
        }
    }

    /// The value of an expression in the page.
    pub fn value(&mut self, expression: &str) -> Value {
        let told = json!({"expression": expression, "awaitPromise": true, "returnByValue": true});
        let answer = self.call("Runtime.evaluate", told);
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }

    pub fn text(&mut self) -> String {
        self.value("document.body.innerText").as_str().unwrap_or_default().to_owned()
    }

    pub fn go(&mut self, url: &str) {
        self.call("Page.navigate", json!({"url": url}));
        self.wait("document.readyState === 'complete'");
    }

    /// Waits until an expression is true on a page that is whole: the address of the next one is there before its text. A
    /// page that is being left has no answer.
    pub fn wait(&mut self, expression: &str) {
        let begun = Instant::now();
        let whole = format!("document.readyState === 'complete' && ({expression})");
        loop {
            let told = json!({"expression": whole, "returnByValue": true});
            if self.call("Runtime.evaluate", told)["result"]["value"] == true {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "never: {expression}; {}", self.text());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Types into whatever has the focus.
    pub fn write(&mut self, text: &str) {
        self.call("Input.insertText", json!({"text": text}));
    }

    pub fn press(&mut self, key: &str) {
        let (code, text) = match key {
            "Tab" => (9, ""),
            "Enter" => (13, "\r"),
            "/" => (191, "/"),
            _ => panic!("no such key here: {key}"),
        };
        let mut event = json!({"type": "keyDown", "key": key, "windowsVirtualKeyCode": code});
        if !text.is_empty() {
            event["text"] = text.into();
        }
        self.call("Input.dispatchKeyEvent", event.clone());
        event["type"] = "keyUp".into();
        self.call("Input.dispatchKeyEvent", event);
    }

    /// Presses Tab until what is wanted has the focus: it can be reached without a mouse.
    pub fn tab_to(&mut self, selector: &str) {
        for _ in 0..60 {
            if self.value(&format!("document.activeElement.matches('{selector}')")) == true {
                return;
            }
            self.press("Tab");
        }
        panic!("{selector} cannot be reached with the keyboard; {}", self.text());
    }

    pub fn width(&mut self, pixels: u32) {
        let screen = json!({"width": pixels, "height": 800, "deviceScaleFactor": 1, "mobile": pixels < 600});
        self.call("Emulation.setDeviceMetricsOverride", screen);
    }

    pub fn scheme(&mut self, name: &str) {
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": name}]});
        self.call("Emulation.setEmulatedMedia", features);
    }

    pub fn scripts(&mut self, on: bool) {
        self.call("Emulation.setScriptExecutionDisabled", json!({"value": !on}));
    }

    /// Keeps a picture of the whole page where `SARING_SHOTS` names a folder: for people to look at.
    pub fn picture(&mut self, name: &str) {
        let Some(folder) = std::env::var_os("SARING_SHOTS") else { return };
        let told = self.call("Page.captureScreenshot", json!({"format": "png", "captureBeyondViewport": true}));
        // Base64, decoded by hand: nothing else here needs it.
        let mut bits = 0u32;
        let mut count = 0;
        let mut bytes = Vec::new();
        for sign in told["data"].as_str().unwrap().bytes().filter(|sign| *sign != b'=') {
            let signs = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
            bits = bits << 6 | signs.iter().position(|known| *known == sign).unwrap() as u32;
            count += 6;
            if count >= 8 {
                count -= 8;
                bytes.push((bits >> count) as u8);
                bits &= (1 << count) - 1;
            }
        }
        std::fs::write(PathBuf::from(folder).join(format!("{name}.png")), bytes).unwrap();
    }

    /// What axe-core finds wrong with the page; none where `SARING_AXE` does not name its script.
    pub fn barriers(&mut self) -> Option<String> {
        let script = std::fs::read_to_string(std::env::var_os("SARING_AXE")?).unwrap();
        self.value(&format!("{script}; 0"));
        let found = self.value(
            "axe.run().then(r => r.violations.map(v => v.id + ': ' + v.nodes.map(n => n.target.join(' ')).join(', ')).join('; '))",
        );
        Some(found.as_str().unwrap().to_owned())
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Holds a page against axe-core in both schemes, and against a narrow screen.
pub fn is_open_to_all(browser: &mut Chromium, page: &str) {
    for scheme in ["light", "dark"] {
        browser.scheme(scheme);
        browser.picture(&format!("{}-{scheme}", page.replace('/', "-")));
        match browser.barriers() {
            Some(found) => assert_eq!(found, "", "{page}, {scheme}"),
            None => eprintln!("SKIPPED: SARING_AXE names no axe-core, so {page} was not tried for barriers"),
        }
    }
    browser.scheme("light");
    browser.width(360);
    let wide = browser.value("document.documentElement.scrollWidth");
    browser.picture(&format!("{}-telephone", page.replace('/', "-")));
    assert!(wide.as_u64().unwrap() <= 360, "{page} is {wide} wide on a telephone");
    browser.width(1280);
}
