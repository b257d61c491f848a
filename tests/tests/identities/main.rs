//! Identities of a running server with the real CA of a development network, by the program's own commands; and Fabric's own
//! programs beside it.

mod forgotten;
mod history;
mod office;
mod wallet;

use chainloom_tests::{NodeOptions, client, eventually};
use serde_json::{Value, json};

use office::{Office, read};

/// One network for all, since bringing it up is what takes time.
#[tokio::test]
async fn identities_of_a_server_with_a_real_ca() {
    let office = Office::start().await;
    office.enrolls_and_registers().await;
    office.says_why_it_refuses().await;
    office.signs_with_whom_it_registered().await;
    office.enrolls_nobody_under_a_foreign_organization().await;
    office.is_accepted_by_fabrics_own_programs().await;
    office.takes_whom_fabrics_own_programs_enrolled().await;
    office.goes_on_with_a_renewed_certificate().await;
    office.keeps_the_history_of_whom_it_renewed().await;
    office.signs_with_nobody_who_was_forgotten().await;
    office.revokes_and_forgets().await;
    office.renews_by_itself().await;
}

impl Office {
    async fn enrolls_and_registers(&self) {
        let words = self.enrolling("admin", "adminpw\n");
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let shown = self.run(&words).await;
        assert!(shown.contains("admin@Org1MSP"), "{shown}");
        assert!(!shown.contains("adminpw"), "{shown}");
        assert!(
            self.refused(&words)
                .await
                .contains("holds an identity `admin@Org1MSP` already")
        );

        let words = [
            "register",
            "bob",
            "--registrar",
            "admin@Org1MSP",
            "--affiliation",
            "org1.department1",
            "--attribute",
            "role=buyer:ecert",
            "--attribute",
            "age=30",
            "--json",
        ];
        let added: Value = serde_json::from_str(&self.run(&words).await).expect("it is JSON");
        let bob = &added["identity"];
        assert_eq!(
            (&added["registered"], &bob["label"]),
            (&json!("bob"), &json!("bob@Org1MSP"))
        );
        assert_eq!(
            (&bob["key"], &bob["type"]),
            (&json!("P-256"), &json!("client"))
        );
        assert_eq!(bob["affiliation"], "org1.department1");
        assert_eq!(
            (&bob["attributes"]["role"], &bob["attributes"]["age"]),
            (&json!("buyer"), &Value::Null)
        );
        assert!(bob["days_left"].as_i64() > Some(300), "{bob}");
        assert!(
            bob["renews_at"].is_string() && bob["warnings"] == json!([]),
            "{bob}"
        );
        assert!(!added.to_string().contains("PRIVATE KEY"), "{added}");

        // Elsewhere, with a secret of our own; then here after all, with another kind of key.
        let secret = self.file("eve.secret", "evepw\n");
        let words = [
            "register",
            "eve",
            "--registrar",
            "admin@Org1MSP",
            "--no-enroll",
            "--secret-file",
            &secret,
        ];
        assert!(self.run(&words).await.contains("eve is registered"));
        let mut words = self.enrolling("eve", "evepw\n");
        words.extend(["--key-kind", "p384", "--label", "eve"].map(str::to_owned));
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        assert!(self.run(&words).await.contains("P-384"));

        let table = self.run(&["list"]).await;
        let labels: Vec<_> = table
            .lines()
            .skip(1)
            .filter_map(|line| line.split(' ').next())
            .collect();
        assert_eq!(labels, ["admin@Org1MSP", "bob@Org1MSP", "eve"], "{table}");
        let ca = self.node.get("/api/v1/identities/eve/ca").await;
        assert_eq!(ca["name"], self.shell("echo $FABRIC_CA_CLIENT_CANAME"));
        let path = "/api/v1/identities/admin@Org1MSP/ca/identities";
        let registered = self.node.get(path).await["registered"].to_string();
        assert!(
            registered.contains("\"eve\"") && registered.contains("\"bob\""),
            "{registered}"
        );
    }

    async fn says_why_it_refuses(&self) {
        let mut words = self.enrolling("alice", "wrong secret\n");
        let said = self
            .refused(&words.iter().map(String::as_str).collect::<Vec<_>>())
            .await;
        assert!(
            said.contains("does not know `alice`") && !said.contains("wrong secret"),
            "{said}"
        );
        let at = words
            .iter()
            .position(|word| word.starts_with("https://"))
            .expect("it has a URL");
        for (url, reason) in [
            ("https://169.254.169.254", "metadata service"),
            ("https://127.0.0.1:1", "cannot be reached"),
            ("http://10.1.2.3:7054", "plain HTTP"),
            ("https://localhost/path", "holds a path"),
        ] {
            words[at] = url.to_owned();
            let said = self
                .refused(&words.iter().map(String::as_str).collect::<Vec<_>>())
                .await;
            assert!(said.contains(reason), "{url}: {said}");
        }
        let words = [
            "register",
            "bob",
            "--registrar",
            "admin@Org1MSP",
            "--label",
            "second",
        ];
        assert!(self.refused(&words).await.contains("registered already"));
        let words = ["register", "mallory", "--registrar", "bob@Org1MSP"];
        assert!(self.refused(&words).await.contains("does not allow `bob`"));
        assert!(
            self.refused(&["show", "nobody"])
                .await
                .contains("no identity `nobody`")
        );
        let words = [
            "register",
            "x",
            "--registrar",
            "admin@Org1MSP",
            "--no-enroll",
        ];
        assert!(
            self.refused(&words).await.contains("--secret-file"),
            "nobody is there to be asked"
        );
        for body in [
            json!({}),
            json!({"enroll": {}, "import": {}}),
            json!({"enroll": {"secret": 12345}}),
        ] {
            let (status, problem) = self.node.post("/api/v1/identities", &body).await;
            assert_eq!(
                (status, &problem["code"]),
                (400, &json!("invalid_body")),
                "{problem}"
            );
            assert!(!problem.to_string().contains("12345"), "{problem}");
        }
    }

    async fn signs_with_whom_it_registered(&self) {
        self.connect("trade", "bob@Org1MSP").await;
        let creator = self.creator("trade").await;
        let bob = self.one("bob@Org1MSP").await;
        assert_eq!(creator["enrollment_id"], "bob");
        assert_eq!(
            creator["certificate"]["sha256"],
            bob["certificate"]["sha256"]
        );
        assert_eq!(bob["ledgers"], json!(["trade"]));
    }

    /// The channel of the ledger that is connected by now knows whose CA it is.
    async fn enrolls_nobody_under_a_foreign_organization(&self) {
        for foreign in ["Org2MSP", "Org9MSP"] {
            let mut words = self.enrolling("alice", "alicepw\n");
            let at = words.iter().position(|word| word == "Org1MSP");
            words[at.expect("it names the MSP id")] = foreign.to_owned();
            let words: Vec<&str> = words.iter().map(String::as_str).chain(["--json"]).collect();
            let ended = self.run_at(&self.node, &words).await;
            assert!(!ended.status.success(), "{foreign}: {ended:?}");
            let problem: Value = serde_json::from_str(&ended.stderr).expect("it is JSON");
            assert_eq!(
                (&problem["status"], &problem["code"]),
                (&json!(422), &json!("foreign_organization")),
                "{problem}"
            );
            let detail = problem["detail"].as_str().expect("a sentence");
            let known = format!("`trade` knows this CA as that of Org1MSP, not of `{foreign}`");
            assert!(detail.contains(&known), "{detail}");
            assert!(!self.run(&["list"]).await.contains(foreign));
        }
    }

    async fn is_accepted_by_fabrics_own_programs(&self) {
        let wallet = self.devnet.directory().join("wallets/org1/bob");
        std::fs::create_dir_all(&wallet).expect("a folder of the network's");
        let msp = wallet.join("msp");
        let msp = msp.to_str().expect("the folder's name is text");
        let said = self
            .run(&["export", "bob@Org1MSP", "--msp-folder", msp])
            .await;
        assert!(said.contains("not encrypted"), "{said}");
        let told = self.shell("devnet_as org1 bob && peer channel getinfo -c $CHANNEL_NAME");
        assert!(told.contains("\"height\":"), "{told}");
        assert!(
            self.refused(&["export", "bob@Org1MSP", "--msp-folder", msp])
                .await
                .contains("is there already")
        );

        let folder = self.node.options().folder();
        let path = |name: &str| folder.join(name).to_str().expect("it is text").to_owned();
        let (certificate, key, id) = (path("bob.pem"), path("bob.key"), path("bob.id"));
        let passphrase = self.file("passphrase", "correct horse\n");
        let words = [
            "export",
            "bob@Org1MSP",
            "--certificate",
            &certificate,
            "--key",
            &key,
            "--encrypt",
            "--passphrase-file",
            &passphrase,
        ];
        self.run(&words).await;
        assert!(read(&key).contains("BEGIN ENCRYPTED PRIVATE KEY"));
        self.run(&["export", "bob@Org1MSP", "--id-file", &id]).await;
        assert!(read(&id).contains("\"mspId\":\"Org1MSP\""));
        for private in [&key, &id] {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(private)
                .expect("it is there")
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600, "{private}");
        }
        let words = [
            "import",
            "--certificate",
            &certificate,
            "--key",
            &key,
            "--msp-id",
            "Org1MSP",
            "--label",
            "copy",
            "--passphrase-file",
            &passphrase,
        ];
        self.run(&words).await;
        self.run(&["import", "--id-file", &id, "--label", "second-copy"])
            .await;
        for copy in ["copy", "second-copy"] {
            assert_eq!(
                self.one(copy).await["certificate"],
                self.one("bob@Org1MSP").await["certificate"]
            );
            self.run(&["remove", copy]).await;
        }
        let path = "/api/v1/identities/bob@Org1MSP/export";
        let (status, public) = self.node.post(path, &json!({})).await;
        assert_eq!((status, &public["private_key"]), (200, &Value::Null));
        // Another user of this machine, who cannot read the wallet.
        let body = json!({"include_private_key": true});
        let (status, problem) = self.node.post(path, &body).await;
        assert_eq!(
            (status, &problem["code"]),
            (403, &json!("key_export_needs_tokens"))
        );
    }

    async fn takes_whom_fabrics_own_programs_enrolled(&self) {
        let folder = self.node.options().folder().join("theirs");
        let msp = folder.to_str().expect("the folder's name is text");
        self.shell(&format!(
            "fabric-ca-client enroll -u https://alice:alicepw@$CA_ADDRESS -M {msp}"
        ));
        let said = self
            .run(&["import", "--msp-folder", msp, "--msp-id", "Org1MSP"])
            .await;
        assert!(said.contains("alice@Org1MSP"), "{said}");
        self.connect("theirs", "alice@Org1MSP").await;
        let creator = self.creator("theirs").await;
        let alice = self.one("alice@Org1MSP").await;
        assert_eq!(creator["enrollment_id"], "alice");
        assert_eq!(
            creator["certificate"]["sha256"],
            alice["certificate"]["sha256"]
        );
        // Whose CA is not known is renewed once it is named, and remembers it.
        assert!(
            self.refused(&["reenroll", "alice@Org1MSP"])
                .await
                .contains("name it with `ca` (--ca-url")
        );
        let words = self.enrolling("alice", "unused\n");
        let at = words
            .iter()
            .position(|word| word == "--ca-url")
            .expect("it has a URL");
        let mut words: Vec<&str> = words[at..at + 6].iter().map(String::as_str).collect();
        words.splice(0..0, ["reenroll", "alice@Org1MSP"]);
        self.run(&words).await;
        self.run(&["reenroll", "alice@Org1MSP"]).await;
    }

    async fn goes_on_with_a_renewed_certificate(&self) {
        let before = self.one("bob@Org1MSP").await;
        let public_key = |identity: &Value| {
            let pem = identity["certificate"]["pem"]
                .as_str()
                .expect("it is text")
                .to_owned();
            let file = self.file("renewed.pem", &pem);
            self.shell(&format!("openssl x509 -in {file} -noout -pubkey"))
        };
        self.run(&["reenroll", "bob@Org1MSP"]).await;
        let renewed = self.one("bob@Org1MSP").await;
        assert_ne!(
            renewed["certificate"]["sha256"],
            before["certificate"]["sha256"]
        );
        assert_ne!(public_key(&renewed), public_key(&before));
        assert_eq!(renewed["attributes"]["role"], "buyer");
        let creator = self.creator("trade").await;
        assert_eq!(
            creator["certificate"]["sha256"],
            renewed["certificate"]["sha256"]
        );

        self.run(&["reenroll", "bob@Org1MSP", "--keep-key"]).await;
        let again = self.one("bob@Org1MSP").await;
        assert_ne!(
            again["certificate"]["sha256"],
            renewed["certificate"]["sha256"]
        );
        assert_eq!(public_key(&again), public_key(&renewed));
        let creator = self.creator("trade").await;
        assert_eq!(
            creator["certificate"]["sha256"],
            again["certificate"]["sha256"]
        );
    }

    async fn revokes_and_forgets(&self) {
        let ended = self
            .run_at(&self.node, &["remove", "bob@Org1MSP", "--json"])
            .await;
        let problem: Value = serde_json::from_str(&ended.stderr).expect("it is JSON");
        assert_eq!(
            (&problem["status"], &problem["code"]),
            (&json!(409), &json!("identity_in_use")),
            "{problem}"
        );
        let detail = problem["detail"].as_str().expect("a sentence");
        assert!(detail.contains("in use by the ledgers trade"), "{detail}");
        assert!(detail.contains("force=true (--force)"), "{detail}");

        let crl = self.node.options().folder().join("org1.crl");
        let crl = crl.to_str().expect("the folder's name is text");
        let words = [
            "revoke",
            "bob@Org1MSP",
            "--registrar",
            "admin@Org1MSP",
            "--reason",
            "keycompromise",
            "--crl-file",
            crl,
        ];
        let said = self.run(&words).await;
        assert!(
            said.contains("is revoked") && said.contains("channel goes on accepting"),
            "{said}"
        );
        let bob = self.one("bob@Org1MSP").await;
        let serial = bob["certificate"]["serial"]
            .as_str()
            .expect("it is text")
            .to_uppercase();
        let listed = self.shell(&format!("openssl crl -in {crl} -noout -text"));
        assert!(listed.contains(&serial), "{serial} is not in\n{listed}");
        let list = self.node.get("/api/v1/identities/admin@Org1MSP/crl").await;
        assert!(
            list["crl"]
                .as_str()
                .is_some_and(|text| text.contains("BEGIN X509 CRL"))
        );
        assert!(
            bob["warnings"][0]
                .as_str()
                .is_some_and(|text| text.starts_with("revoked at")),
            "{bob}"
        );
        assert_eq!(bob["renews_at"], Value::Null);
        // As the answer says.
        assert_eq!(self.creator("trade").await["enrollment_id"], "bob");
        let ended = self
            .run_at(&self.node, &["reenroll", "bob@Org1MSP", "--json"])
            .await;
        let problem: Value = serde_json::from_str(&ended.stderr).expect("it is JSON");
        assert_eq!(problem["status"], 403, "{problem}");
        let metrics = client()
            .get(self.node.url("/metrics"))
            .send()
            .await
            .expect("an answer");
        let metrics = metrics.text().await.expect("a text");
        assert!(
            metrics.contains("chainloom_identity_expiry_days{identity=\"bob@Org1MSP\"} 36"),
            "{metrics}"
        );
        let ready = client()
            .get(self.node.url("/readyz"))
            .send()
            .await
            .expect("an answer");
        let lines = ready.text().await.expect("a text");
        assert!(
            lines.contains("identity bob@Org1MSP: revoked at"),
            "{lines}"
        );

        let said = self.run(&["remove", "bob@Org1MSP", "--force"]).await;
        assert!(
            said.contains("only this server's wallet forgot it"),
            "{said}"
        );
        assert!(!self.run(&["list"]).await.contains("bob@Org1MSP"));
    }

    /// Every certificate is due with this setting, and so is renewed once; a renewed one has its time.
    async fn renews_by_itself(&self) {
        let options = NodeOptions::new().configuration("[wallet]\nreenroll_before_days = 3650\n");
        let node = options.start().await;
        let words = self.enrolling("alice", "alicepw\n");
        let words: Vec<&str> = words.iter().map(String::as_str).chain(["--json"]).collect();
        let ended = self.run_at(&node, &words).await;
        assert!(ended.status.success(), "{ended:?}");
        let first: Value = serde_json::from_str(&ended.stdout).expect("it is JSON");
        let first = &first["identity"]["certificate"]["sha256"];
        let renewed = eventually("the certificate to be renewed", async || {
            let alice = node.get("/api/v1/identities/alice@Org1MSP").await;
            (alice["certificate"]["sha256"] != *first).then_some(alice)
        })
        .await;
        let at = renewed["renews_at"]
            .as_str()
            .expect("it is renewed again, later");
        assert!(
            at > renewed["stored_at"].as_str().expect("it is text"),
            "{renewed}"
        );
        let (status, _) = node
            .post("/api/v1/identities/alice@Org1MSP/reenroll", &json!({}))
            .await;
        assert_eq!(status, 200);
    }
}
