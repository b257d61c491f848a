//! One's own transactions across renewed certificates.

use serde_json::Value;

use crate::office::Office;

impl Office {
    /// Bob made some in each of three certificates by now; all are his, and each certificate has its own.
    pub(crate) async fn keeps_the_history_of_whom_it_renewed(&self) {
        let list = async |query: &str| -> Vec<Value> {
            let path = format!("/api/v1/ledgers/trade/transactions?{query}&limit=100");
            let page = self.node.get(&path).await;
            page["transactions"].as_array().expect("a list").clone()
        };
        let mine = list("creator=me").await;
        assert_eq!(list("creator=Org1MSP/bob").await, mine);
        let mut certificates: Vec<&str> = mine
            .iter()
            .map(|transaction| {
                assert_eq!(transaction["creator"]["enrollment_id"], "bob");
                let certificate = transaction["creator"]["certificate_sha256"].as_str();
                certificate.expect("it can be read")
            })
            .collect();
        certificates.dedup();
        assert_eq!(certificates.len(), 3, "newest first, one after the other");
        let mut of_each = Vec::new();
        for certificate in &certificates {
            let own = list(&format!("certificate={certificate}")).await;
            assert!(!own.is_empty());
            of_each.extend(own);
        }
        assert_eq!(of_each, mine);
    }
}
