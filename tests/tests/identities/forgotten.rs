//! A ledger whose user is forgotten, and is there again.

use serde_json::{Value, json};

use super::office::Office;

impl Office {
    /// Asks and submits as the user of `theirs`.
    async fn calls(&self) -> [(u16, Value); 2] {
        let get = json!({"function": "get", "args": ["color"]});
        let put = json!({"function": "put", "args": ["color", "red"]});
        [
            self.node.post("/api/v1/ledgers/theirs/query", &get).await,
            self.node.post("/api/v1/ledgers/theirs/invoke", &put).await,
        ]
    }

    pub(crate) async fn signs_with_nobody_who_was_forgotten(&self) {
        self.run(&["remove", "alice@Org1MSP", "--force"]).await;
        for (status, problem) in self.calls().await {
            assert_eq!(
                (status, &problem["code"]),
                (503, &json!("identity_withdrawn")),
                "{problem}"
            );
            let detail = problem["detail"].as_str().expect("a sentence");
            assert!(
                detail.contains("`alice@Org1MSP` was forgotten")
                    && detail.contains("identity enroll --label alice@Org1MSP"),
                "{detail}"
            );
        }
        let words = self.enrolling("alice", "alicepw\n");
        self.run(&words.iter().map(String::as_str).collect::<Vec<_>>())
            .await;
        for (status, answer) in self.calls().await {
            assert_eq!(status, 200, "{answer}");
        }
        let creator = self.creator("theirs").await;
        let alice = self.one("alice@Org1MSP").await;
        assert_eq!(
            creator["certificate"]["sha256"],
            alice["certificate"]["sha256"]
        );
        assert_eq!(alice["ledgers"], json!(["theirs"]));
    }
}
