//! A real browser: headless Chromium, driven through its own driver.

use std::path::PathBuf;
use std::process::Command;
use std::str::FromStr;
use std::time::Duration;

use base64::Engine as _;
use fantoccini::elements::Element;
use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand, WindowHandle};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use reqwest::{Method, Url};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::paths;
use crate::process::Process;

/// How long a page may take to show something.
const PATIENCE: Duration = Duration::from_secs(30);

/// The size of a screen, in CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Screen {
    /// 1280 by 900.
    Desktop,
    /// 390 by 844, touch.
    Phone,
}

/// A running browser with one session.
#[derive(Debug)]
pub struct Browser {
    /// `None` once it is closed.
    client: Option<Client>,
    /// The browser's own process id.
    chromium: u64,
    _driver: Process,
    _profile: TempDir,
}

impl Browser {
    /// Starts one, in a fresh profile.
    ///
    /// # Panics
    /// When Chromium or its driver is missing; `cargo xtask test` gets them.
    pub async fn start() -> Self {
        let profile = tempfile::tempdir().expect("a temporary folder");
        let mut driver = Process::start(
            Command::new("chromedriver")
                .arg("--port=0")
                .env("HOME", profile.path()),
        );
        let port: u16 = driver
            .wait_for_output("its port", |text| {
                let (_, rest) = text.split_once("successfully on port ")?;
                rest.split_once('.')?.0.parse().ok()
            })
            .await;
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities(&profile))
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("Chromium starts (`cargo xtask test` installs it)");
        let chromium = client
            .capabilities()
            .and_then(|capabilities| capabilities.get("goog:processID"))
            .and_then(Value::as_u64)
            .expect("the driver says which process the browser is");
        let browser = Self {
            client: Some(client),
            chromium,
            _driver: driver,
            _profile: profile,
        };
        browser.show(Screen::Desktop, "light").await;
        browser
    }

    /// The session.
    ///
    /// # Panics
    /// After [`Browser::close`].
    pub fn client(&self) -> &Client {
        self.client.as_ref().expect("the browser is not closed")
    }

    /// Opens a page and waits until it is loaded.
    ///
    /// # Panics
    /// When it cannot be opened.
    pub async fn open(&self, url: &str) {
        self.client().goto(url).await.expect("the page opens");
    }

    /// Opens a second page in a tab of its own, and goes back to the first. Answers both, the first one first.
    ///
    /// # Panics
    /// When it cannot be opened.
    pub async fn open_second(&self, url: &str) -> (WindowHandle, WindowHandle) {
        let first = self.client().window().await.expect("there is a tab");
        let second = self.client().new_window(true).await.expect("a new tab");
        self.switch(&second.handle).await;
        self.open(url).await;
        self.switch(&first).await;
        (first, second.handle)
    }

    /// Goes to another tab.
    ///
    /// # Panics
    /// When it is closed.
    pub async fn switch(&self, tab: &WindowHandle) {
        self.client()
            .switch_to_window(tab.clone())
            .await
            .expect("the tab is open");
    }

    /// Waits until an element is there.
    ///
    /// # Panics
    /// When it does not come.
    pub async fn find(&self, css: &str) -> Element {
        self.client()
            .wait()
            .at_most(PATIENCE)
            .for_element(Locator::Css(css))
            .await
            .unwrap_or_else(|error| panic!("no element {css}: {error}"))
    }

    /// Waits until the page's text, as a person sees it, contains this.
    ///
    /// # Panics
    /// When it does not come.
    pub async fn see(&self, text: &str) {
        crate::eventually_within(
            PATIENCE,
            &format!("the page to show {text:?}"),
            async || self.visible_text().await.contains(text).then_some(()),
        )
        .await;
    }

    /// The page's text as a person sees it.
    ///
    /// # Panics
    /// When the page cannot be asked.
    pub async fn visible_text(&self) -> String {
        self.run("return document.body ? document.body.innerText : ''")
            .await
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// Runs a script in the page and answers what it returns.
    ///
    /// # Panics
    /// When the script fails.
    pub async fn run(&self, script: &str) -> Value {
        self.client()
            .execute(script, Vec::new())
            .await
            .expect("the script runs")
    }

    /// Gives the page a screen and a colour scheme (`light` or `dark`).
    ///
    /// # Panics
    /// When the browser refuses.
    pub async fn show(&self, screen: Screen, scheme: &str) {
        let (width, height, mobile) = match screen {
            Screen::Desktop => (1280, 900, false),
            Screen::Phone => (390, 844, true),
        };
        self.chromium(
            "Emulation.setDeviceMetricsOverride",
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile}),
        )
        .await;
        self.chromium(
            "Emulation.setEmulatedMedia",
            json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]}),
        )
        .await;
    }

    /// Turns JavaScript on or off for pages opened from now on.
    ///
    /// # Panics
    /// When the browser refuses.
    pub async fn allow_scripts(&self, allowed: bool) {
        self.chromium(
            "Emulation.setScriptExecutionDisabled",
            json!({"value": !allowed}),
        )
        .await;
    }

    /// Writes a picture of the whole page to `target/screenshots/<name>.png`.
    ///
    /// # Panics
    /// When there is no picture or no room for it.
    pub async fn screenshot(&self, name: &str) -> PathBuf {
        let answer = self
            .chromium(
                "Page.captureScreenshot",
                json!({"format": "png", "captureBeyondViewport": true}),
            )
            .await;
        let picture = base64::engine::general_purpose::STANDARD
            .decode(answer["data"].as_str().expect("a picture"))
            .expect("base64");
        let folder = paths::target().join("screenshots");
        std::fs::create_dir_all(&folder).expect("a folder in the target folder");
        let path = folder.join(format!("{name}.png"));
        std::fs::write(&path, picture).expect("a file in the target folder");
        path
    }

    /// What the page's own scripts complained about, as the browser logged it.
    ///
    /// # Panics
    /// When the browser keeps no log.
    pub async fn complaints(&self) -> Vec<String> {
        let log = self
            .client()
            .issue_cmd(DriverCommand {
                path: "se/log",
                body: json!({"type": "browser"}),
            })
            .await
            .expect("the browser keeps a log");
        log.as_array()
            .into_iter()
            .flatten()
            .map(|entry| entry["message"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// Ends the session, and with it the browser.
    ///
    /// # Panics
    /// When it does not end.
    pub async fn close(mut self) {
        let client = self.client.take().expect("it is closed once");
        client.close().await.expect("the browser ends");
    }

    /// A command of Chromium's own protocol.
    async fn chromium(&self, command: &str, parameters: Value) -> Value {
        self.client()
            .issue_cmd(DriverCommand {
                path: "goog/cdp/execute",
                body: json!({"cmd": command, "params": parameters}),
            })
            .await
            .unwrap_or_else(|error| panic!("{command}: {error}"))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // A failing test ends without a goodbye, and the driver's end would leave the browser behind.
        if self.client.is_some() {
            let _ = Command::new("kill")
                .args(["-KILL", &self.chromium.to_string()])
                .status();
        }
    }
}

/// A command of the driver beyond the standard ones.
#[derive(Debug)]
struct DriverCommand {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for DriverCommand {
    fn endpoint(
        &self,
        base_url: &Url,
        session_id: Option<&str>,
    ) -> Result<Url, <Url as FromStr>::Err> {
        base_url.join(&format!(
            "session/{}/{}",
            session_id.unwrap_or_default(),
            self.path
        ))
    }

    fn method_and_body(&self, _url: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}

fn capabilities(profile: &TempDir) -> Capabilities {
    let profile = format!("--user-data-dir={}", profile.path().display());
    let mut capabilities = Capabilities::new();
    capabilities.insert(
        "goog:chromeOptions".to_owned(),
        json!({"args": [
            "--headless=new",
            // Chromium's own sandbox wants rights that a container or root does not give it.
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            profile,
        ]}),
    );
    capabilities.insert("goog:loggingPrefs".to_owned(), json!({"browser": "ALL"}));
    capabilities
}
