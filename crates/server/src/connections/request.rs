//! A connection as a caller asks for it, and as it is kept: the paper's seven parameters, or a profile in their place.

use std::collections::BTreeMap;

use chainloom_fabric::{
    AuthorityParameters, ClientTls, ConnectError, Mode, NodeUrls, Nodes, Parameters, PemSource,
    PerEndpoint, ProfileSource, is_pem,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::source::Verification;

/// A user's connection to a channel, which is a ledger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConnectionRequest {
    /// The ledger's name: 1 to 64 characters of a-z, 0-9, `-` and `_`.
    pub(crate) name: String,
    /// The user: a label in the server's wallet, such as `alice@Org1MSP`.
    pub(crate) userid: String,
    /// The channel.
    pub(crate) channel_id: String,
    /// The contract that is meant where a call names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) chaincode_id: Option<String>,
    /// The name of the CA that the user was enrolled with. It is kept and shown; connecting asks nothing of the CA.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ca_id: Option<String>,
    /// The CA's server, `https://host:port`; likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ca_url: Option<String>,
    /// The peers, `grpcs://host:port`; one or several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) peer_url: Option<OneOrSeveral>,
    /// The orderers, `grpcs://host:port`; one or several. Mode `direct` needs them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) order_url: Option<OneOrSeveral>,
    /// Fabric's common connection profile in the place of `peer_url` and `order_url`: as JSON, or as a text of YAML. It has to hold its
    /// certificates (`pem`): files are not read for a request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub(crate) profile: Option<Value>,
    /// The root certificates that prove the nodes on TLS, in PEM: one text for all, or a text for each URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tls_ca_certs: Option<TextOrByUrl>,
    /// The name in the nodes' certificates where it is not the host of the URL: one for all, or one for each URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ssl_target_name_override: Option<TextOrByUrl>,
    /// What proves this server to nodes that ask for mutual TLS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) client_tls: Option<ClientTlsText>,
    /// Which way calls take: `gateway` (the default) or `direct`.
    #[serde(default)]
    #[schema(value_type = String)]
    pub(crate) mode: Mode,
    /// What is asked of the channel's blocks before they are indexed, shown and told of: `hashes` (the default) or `full`.
    #[serde(default)]
    pub(crate) verify: Verification,
}

/// One text or several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(untagged, expecting = "a text or a list of texts is expected")]
pub(crate) enum OneOrSeveral {
    One(String),
    Several(Vec<String>),
}

/// A text for all nodes, or one for each by its URL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(
    untagged,
    expecting = "a text, or an object of texts by URL, is expected"
)]
pub(crate) enum TextOrByUrl {
    All(String),
    Each(BTreeMap<String, String>),
}

/// A certificate and its key for TLS.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientTlsText {
    /// The certificate in PEM, and those between it and its root.
    certificate: String,
    /// Its private key in PEM, not encrypted. It is never answered.
    key: String,
}

/// It holds a key.
impl std::fmt::Debug for ClientTlsText {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("ClientTlsText(…)")
    }
}

impl OneOrSeveral {
    fn all(this: Option<&Self>) -> Vec<String> {
        match this {
            None => Vec::new(),
            Some(Self::One(one)) => vec![one.clone()],
            Some(Self::Several(several)) => several.clone(),
        }
    }
}

impl ConnectionRequest {
    /// The peers' URLs.
    pub(crate) fn peers(&self) -> Vec<String> {
        OneOrSeveral::all(self.peer_url.as_ref())
    }

    /// The orderers' URLs.
    pub(crate) fn orderers(&self) -> Vec<String> {
        OneOrSeveral::all(self.order_url.as_ref())
    }

    /// What the channel is connected with. No path that a caller names is ever read.
    ///
    /// # Errors
    /// [`ConnectError`] of stage two.
    pub(crate) fn parameters(&self) -> Result<Parameters, ConnectError> {
        let parameters = Parameters {
            channel: self.channel_id.clone(),
            contract: self.chaincode_id.clone(),
            mode: self.mode,
            nodes: self.nodes()?,
            authority: AuthorityParameters {
                id: self.ca_id.clone(),
                url: self.ca_url.clone(),
            },
            client_tls: self.client_tls.as_ref().map(client_tls).transpose()?,
        };
        parameters.check()?;
        Ok(parameters)
    }

    fn nodes(&self) -> Result<Nodes, ConnectError> {
        let Some(profile) = &self.profile else {
            return Ok(Nodes::Urls(NodeUrls {
                peers: self.peers(),
                orderers: self.orderers(),
                tls_ca_certs: self.tls_ca_certs.as_ref().map(roots).transpose()?,
                ssl_target_name_override: self.ssl_target_name_override.as_ref().map(names),
            }));
        };
        for (parameter, is_set) in [
            ("peer_url", self.peer_url.is_some()),
            ("order_url", self.order_url.is_some()),
            ("tls_ca_certs", self.tls_ca_certs.is_some()),
            (
                "ssl_target_name_override",
                self.ssl_target_name_override.is_some(),
            ),
        ] {
            if is_set {
                return Err(ConnectError::Parameter {
                    parameter,
                    reason: "`profile` says it already: give one of them".to_owned(),
                });
            }
        }
        Ok(Nodes::Profile(ProfileSource::Text(match profile {
            Value::String(text) => text.clone(),
            json => json.to_string(),
        })))
    }
}

fn pem(parameter: &'static str, text: &str) -> Result<PemSource, ConnectError> {
    match is_pem(text) {
        true => Ok(PemSource::Text(text.to_owned())),
        false => Err(ConnectError::Parameter {
            parameter,
            reason: "a text of PEM is expected (-----BEGIN …): files are not read for a request"
                .to_owned(),
        }),
    }
}

fn roots(text: &TextOrByUrl) -> Result<PerEndpoint<PemSource>, ConnectError> {
    let pem = |text: &str| pem("tls_ca_certs", text);
    Ok(match text {
        TextOrByUrl::All(text) => PerEndpoint::All(pem(text)?),
        TextOrByUrl::Each(texts) => {
            let each = texts
                .iter()
                .map(|(url, text)| Ok((url.clone(), pem(text)?)));
            PerEndpoint::Each(each.collect::<Result<_, ConnectError>>()?)
        }
    })
}

fn names(text: &TextOrByUrl) -> PerEndpoint<String> {
    match text.clone() {
        TextOrByUrl::All(name) => PerEndpoint::All(name),
        TextOrByUrl::Each(names) => PerEndpoint::Each(names),
    }
}

fn client_tls(text: &ClientTlsText) -> Result<ClientTls, ConnectError> {
    Ok(ClientTls {
        certificate: pem("client_tls", &text.certificate)?,
        key: pem("client_tls", &text.key)?,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    fn request(change: impl FnOnce(&mut Value)) -> Result<Parameters, String> {
        let mut body = json!({
            "name": "trade", "userid": "alice@Org1MSP", "channel_id": "mychannel", "chaincode_id": "basic",
            "ca_id": "ca-org1", "ca_url": "https://localhost:7054", "peer_url": "grpcs://localhost:7051",
            "order_url": ["grpcs://localhost:7050"], "tls_ca_certs": "-----BEGIN CERTIFICATE-----",
        });
        change(&mut body);
        let request: ConnectionRequest =
            serde_json::from_value(body).map_err(|error| error.to_string())?;
        request.parameters().map_err(|error| error.to_string())
    }

    #[test]
    fn the_seven_parameters_are_read() {
        let parameters = request(|_| ()).unwrap();
        assert_eq!(parameters.channel, "mychannel");
        let Nodes::Urls(urls) = parameters.nodes else {
            panic!("URLs are expected");
        };
        assert_eq!(urls.peers, ["grpcs://localhost:7051"]);
        assert_eq!(urls.orderers, ["grpcs://localhost:7050"]);
        let several = request(|body| body["peer_url"] = json!(["grpcs://a:1", "grpcs://b:1"]));
        let Nodes::Urls(urls) = several.unwrap().nodes else {
            panic!("URLs are expected");
        };
        assert_eq!(urls.peers.len(), 2);
    }

    #[test]
    fn each_parameter_is_refused_by_its_name() {
        type Change = fn(&mut Value);
        let cases: [(&str, Change); 14] = [
            ("channel: ", |body| body["channel_id"] = json!("My Channel")),
            ("chaincode_id: ", |body| body["chaincode_id"] = json!("a b")),
            ("ca_id: ", |body| body["ca_id"] = json!("")),
            ("ca_url: ", |body| body["ca_url"] = json!("localhost:7054")),
            ("peer_url: it names no peer", |body| {
                body["peer_url"] = json!([])
            }),
            ("peer_url: it names grpc://a:1 twice", |body| {
                body["peer_url"] = json!(["grpc://a:1", "grpc://a:1"]);
            }),
            ("peer_url: it names 101 nodes", |body| {
                let urls: Vec<String> = (0..101).map(|n| format!("grpc://a:{}", n + 1)).collect();
                body["peer_url"] = json!(urls);
            }),
            ("order_url: mode `direct`", |body| {
                body["mode"] = json!("direct");
                body["order_url"] = json!([]);
            }),
            ("tls_ca_certs: a text of PEM", |body| {
                body["tls_ca_certs"] = json!("/etc/ssl/ca.pem");
            }),
            ("tls_ca_certs: `grpcs://z:1` stands neither", |body| {
                body["tls_ca_certs"] = json!({"grpcs://z:1": "-----BEGIN CERTIFICATE-----"});
            }),
            ("ssl_target_name_override: `grpcs://z:1`", |body| {
                body["ssl_target_name_override"] = json!({"grpcs://z:1": "z"});
            }),
            ("client_tls: a text of PEM", |body| {
                body["client_tls"] = json!({"certificate": "client.pem", "key": "client.key"});
            }),
            ("client_tls: the certificate", |body| {
                body["client_tls"] = json!({
                    "certificate": "-----BEGIN CERTIFICATE-----", "key": "-----BEGIN PRIVATE KEY-----",
                });
            }),
            ("peer_url: `profile` says it already", |body| {
                body["profile"] = json!({"organizations": {}});
            }),
        ];
        for (telling, change) in cases {
            let error = request(change).unwrap_err();
            assert!(error.starts_with(telling), "{telling}: {error}");
        }
    }

    #[test]
    fn a_key_is_never_shown() {
        let text: ClientTlsText =
            serde_json::from_value(json!({"certificate": "C", "key": "SECRET"})).unwrap();
        assert!(!format!("{text:?}").contains("SECRET"));
    }
}
