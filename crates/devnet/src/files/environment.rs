//! `env.sh`, which sets a shell up for Fabric's own programs on this network.

use std::path::{Path, PathBuf};

use askama::Template;

use crate::error::DevnetError;
use crate::layout::Layout;
use crate::topology::{Organization, Topology};

use super::unfit;

/// The script, in what sh, bash and zsh have in common. Its paths are quoted for the shell already.
#[derive(Template)]
#[template(
    ext = "txt",
    escape = "none",
    source = r#"# Sets a shell up for Fabric's own programs on this network:
#     . env.sh                as alice of {{ first }}
#     devnet_as org2 admin    from then on as the administrator of org2
# It takes no words itself: in bash and zsh it would see those of the script that reads it.

devnet_as() {
    # What cannot be is refused before anything is changed.
    case "${1:-{{ first }}}" in
{%- for member in members %}
    {{ member.name }})
        if [ ! -d {{ member.wallet }}/"${2:-alice}"/msp ]; then
            printf '%s has no user %s: admin and alice come with the network, others can be enrolled into %s\n' \
                {{ member.name }} "${2:-alice}" {{ member.wallet }}/"${2:-alice}"/msp >&2
            return 1
        fi
        # The CA's client leaves out what tells administrators from others.
        if [ ! -e {{ member.wallet }}/"${2:-alice}"/msp/config.yaml ]; then
            cp {{ member.authority_root }} {{ member.wallet }}/"${2:-alice}"/msp/cacerts/ &&
                cp {{ member.msp }}/config.yaml {{ member.wallet }}/"${2:-alice}"/msp/ || return 1
        fi
        export CORE_PEER_LOCALMSPID={{ member.msp_id }}
        export CORE_PEER_ADDRESS={{ member.peer_address }}
        export CORE_PEER_TLS_ROOTCERT_FILE={{ member.tls_root }}
        export CORE_PEER_MSPCONFIGPATH={{ member.wallet }}/"${2:-alice}"/msp
        export FABRIC_CFG_PATH={{ member.configuration }}
        export CA_ADDRESS={{ member.authority_address }}
        export FABRIC_CA_CLIENT_HOME={{ member.wallet }}/"${2:-alice}"
        export FABRIC_CA_CLIENT_URL=https://{{ member.authority_address }}
        export FABRIC_CA_CLIENT_CANAME={{ member.authority }}
        export FABRIC_CA_CLIENT_TLS_CERTFILES={{ member.authority_roots }}
        ;;
{%- endfor %}
    *)
        printf 'there is no organization %s: {{ names }} are there\n' "$1" >&2
        return 1
        ;;
    esac
    export CORE_PEER_TLS_ENABLED=true
    export CHANNEL_NAME={{ channel }}
    export ORDERER_ADDRESS={{ orderer_address }}
    export ORDERER_CA={{ orderer_root }}
{%- for peer in peers %}
    export {{ peer.variable }}_ADDRESS={{ peer.address }}
    export {{ peer.variable }}_CA={{ peer.tls_root }}
{%- endfor %}
    case "${PATH:-}" in
    {{ programs }} | {{ programs }}:*) ;;
    *) export PATH={{ programs }}"${PATH:+:$PATH}" ;;
    esac
    if [ -t 2 ]; then
        printf 'peer is %s of %s now\n' "${2:-alice}" "${1:-{{ first }}}" >&2
    fi
}

devnet_as
"#
)]
struct Script<'a> {
    first: &'a str,
    members: Vec<Member<'a>>,
    names: String,
    channel: &'a str,
    orderer_address: String,
    orderer_root: String,
    peers: Vec<Endorser>,
    programs: String,
}

/// What is particular to one organization.
struct Member<'a> {
    name: &'a str,
    msp_id: &'a str,
    msp: String,
    wallet: String,
    peer_address: String,
    tls_root: String,
    configuration: String,
    authority: &'a str,
    authority_address: String,
    authority_root: String,
    /// The same as the CA's client takes it: a list with commas.
    authority_roots: String,
}

/// A peer of any organization, under the variables `PEER0_ORG1_ADDRESS` and `PEER0_ORG1_CA`.
struct Endorser {
    variable: String,
    address: String,
    tls_root: String,
}

/// The text of `env.sh`.
pub(super) fn render(
    topology: &Topology,
    layout: &Layout,
    programs: &[&Path],
) -> Result<String, DevnetError> {
    let (Some(first), Some(orderer)) = (topology.organizations.first(), topology.orderers.first())
    else {
        return Err(unfit(&layout.topology_file(), "it names no nodes"));
    };
    let members = topology
        .organizations
        .iter()
        .map(|organization| Member::new(layout, organization))
        .collect::<Result<Vec<_>, _>>()?;
    let peers = topology
        .peers()
        .map(|(organization, peer)| {
            Ok(Endorser {
                variable: peer.name.replace('.', "_").to_uppercase(),
                address: address(peer.port),
                tls_root: quoted(&layout.tls_root(organization))?,
            })
        })
        .collect::<Result<Vec<_>, DevnetError>>()?;
    let names: Vec<&str> = members.iter().map(|member| member.name).collect();
    let script = Script {
        first: &first.name,
        names: names.join(" and "),
        members,
        channel: &topology.channel,
        orderer_address: address(orderer.port),
        orderer_root: quoted(&layout.orderer_tls_root())?,
        peers,
        programs: folders(programs)?,
    };
    Ok(script
        .render()
        .expect("text put into a template of text is text"))
}

impl<'a> Member<'a> {
    fn new(layout: &Layout, organization: &'a Organization) -> Result<Self, DevnetError> {
        let Some(peer) = organization.peers.first() else {
            let reason = format!("it names no peer of {}", organization.name);
            return Err(unfit(&layout.topology_file(), reason));
        };
        Ok(Self {
            name: &organization.name,
            msp_id: &organization.msp_id,
            msp: quoted(&layout.organization_directory(organization).join("msp"))?,
            wallet: quoted(&layout.wallet_directory(organization))?,
            peer_address: address(peer.port),
            tls_root: quoted(&layout.tls_root(organization))?,
            configuration: quoted(&layout.node_directory(&peer.name))?,
            authority: &organization.authority.name,
            authority_address: address(organization.authority.port),
            authority_root: quoted(&layout.authority_root(organization))?,
            authority_roots: quoted(&one_of_list(layout, &layout.authority_root(organization)))?,
        })
    }
}

/// A file of the network as the only one of a list that is parted by commas.
///
/// Where the network's folder has a comma in its name, the path is relative to a user's wallet, which the CA's client has as its home
/// and begins such paths from. Elsewhere it is absolute, so that people may choose another home.
fn one_of_list(layout: &Layout, file: &Path) -> PathBuf {
    match file.strip_prefix(layout.directory()) {
        Ok(inner) if file.as_os_str().as_encoded_bytes().contains(&b',') => {
            Path::new("../../..").join(inner)
        }
        _ => file.to_owned(),
    }
}

fn address(port: u16) -> String {
    format!("localhost:{port}")
}

/// The folders of programs as the beginning of a PATH; each once, which is all there is for those of one release.
fn folders(programs: &[&Path]) -> Result<String, DevnetError> {
    let mut folders: Vec<&Path> = programs
        .iter()
        .filter_map(|program| program.parent())
        .collect();
    folders.dedup();
    let folders: Result<Vec<String>, DevnetError> = folders.into_iter().map(quoted).collect();
    Ok(folders?.join(":"))
}

/// A path as one word of the shell, whatever letters it has.
fn quoted(path: &Path) -> Result<String, DevnetError> {
    let text = path
        .to_str()
        .ok_or_else(|| unfit(path, "the path is no UTF-8; name another"))?;
    Ok(format!("'{}'", text.replace('\'', r"'\''")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeMap;
    use std::ffi::OsStr;
    use std::fs::{self, Permissions};
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::PermissionsExt;
    use std::process::{Command, Output};

    use super::super::testing::{Fixture, enroll};
    use super::super::write;
    use super::*;

    /// Bash hands its own words down to a file that it reads; sh need not.
    const SHELLS: [&str; 2] = ["sh", "bash"];

    fn written() -> Fixture {
        let fixture = Fixture::new();
        write(&fixture.topology, &fixture.layout, &[&fixture.peer_program]).unwrap();
        for organization in &fixture.topology.organizations {
            for user in ["admin", "alice"] {
                enroll(&fixture.layout, organization, user);
            }
        }
        fixture
    }

    /// Runs `script` in a strict shell. It has the path of `env.sh` in `$ENV_SH`.
    fn run(shell: &str, fixture: &Fixture, script: &str) -> Output {
        Command::new(shell)
            .args(["-c", &format!("set -u\n{script}"), shell])
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("ENV_SH", fixture.layout.directory().join("env.sh"))
            .output()
            .unwrap()
    }

    /// What `env -0` printed.
    fn variables(printed: &[u8]) -> BTreeMap<String, String> {
        String::from_utf8(printed.to_vec())
            .unwrap()
            .split_terminator('\0')
            .filter_map(|variable| variable.split_once('='))
            // What bash counts and notes for itself.
            .filter(|(name, _)| !["_", "SHLVL"].contains(name))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    fn expected(fixture: &Fixture, number: usize, user: &str) -> BTreeMap<String, String> {
        let Fixture {
            topology, layout, ..
        } = fixture;
        let organization = &topology.organizations[number - 1];
        let path = |path: PathBuf| path.to_str().unwrap().to_owned();
        let msp = layout.user_msp(organization, user);
        let authority = format!("localhost:{}", organization.authority.port);
        let peer = &organization.peers[0];
        let mut expected: BTreeMap<String, String> = [
            ("CORE_PEER_TLS_ENABLED", "true".to_owned()),
            ("CORE_PEER_LOCALMSPID", format!("Org{number}MSP")),
            ("CORE_PEER_ADDRESS", format!("localhost:{}", peer.port)),
            (
                "CORE_PEER_TLS_ROOTCERT_FILE",
                path(layout.tls_root(organization)),
            ),
            ("CORE_PEER_MSPCONFIGPATH", path(msp.clone())),
            ("FABRIC_CFG_PATH", path(layout.node_directory(&peer.name))),
            ("CHANNEL_NAME", "devnet".to_owned()),
            (
                "ORDERER_ADDRESS",
                format!("localhost:{}", topology.orderers[0].port),
            ),
            ("ORDERER_CA", path(layout.orderer_tls_root())),
            ("CA_ADDRESS", authority.clone()),
            (
                "FABRIC_CA_CLIENT_HOME",
                path(msp.parent().unwrap().to_owned()),
            ),
            ("FABRIC_CA_CLIENT_URL", format!("https://{authority}")),
            ("FABRIC_CA_CLIENT_CANAME", format!("ca-org{number}")),
            (
                "FABRIC_CA_CLIENT_TLS_CERTFILES",
                path(layout.authority_root(organization)),
            ),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        for (organization, peer) in topology.peers() {
            let name = peer.name.replace('.', "_").to_uppercase();
            expected.insert(
                format!("{name}_ADDRESS"),
                format!("localhost:{}", peer.port),
            );
            expected.insert(format!("{name}_CA"), path(layout.tls_root(organization)));
        }
        assert!(expected.contains_key("PEER1_ORG2_CA"));
        expected
    }

    #[track_caller]
    fn assert_sets(shell: &str, fixture: &Fixture, script: &str, number: usize, user: &str) {
        let before = run(shell, fixture, "env -0");
        let output = run(shell, fixture, &format!("{script}\nenv -0"));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{shell}: {said}");
        assert_eq!(said, "", "{shell}");
        let before = variables(&before.stdout);
        let mut set = variables(&output.stdout);
        set.retain(|name, value| before.get(name) != Some(value));
        let path = set.remove("PATH").unwrap();
        let programs = fixture.peer_program.parent().unwrap().to_str().unwrap();
        assert_eq!(path, format!("{programs}:{}", before["PATH"]), "{shell}");
        assert_eq!(set, expected(fixture, number, user), "{shell}: {script}");
    }

    #[test]
    fn it_sets_all_that_the_programs_need() {
        let fixture = written();
        for shell in SHELLS {
            let read = r#"set -e; . "$ENV_SH""#;
            assert_sets(shell, &fixture, read, 1, "alice");
            let again = format!("{read}; devnet_as org2; devnet_as org2 admin");
            assert_sets(shell, &fixture, &again, 2, "admin");
            let back = format!("{read}; devnet_as org2 admin; devnet_as");
            assert_sets(shell, &fixture, &back, 1, "alice");
        }
    }

    #[test]
    fn the_words_of_the_script_that_reads_it_are_not_taken() {
        let fixture = written();
        for shell in SHELLS {
            for words in ["v1.2", "org2 admin", "''"] {
                let script = format!(r#"set -e; set -- {words}; . "$ENV_SH""#);
                assert_sets(shell, &fixture, &script, 1, "alice");
            }
            let kept = r#"set -- v1.2 now; . "$ENV_SH"; devnet_as org2; printf '%s|' "$@""#;
            let output = run(shell, &fixture, kept);
            assert_eq!(output.stdout, b"v1.2|now|", "{shell}");
        }
    }

    #[test]
    fn a_comma_in_the_networks_folder_parts_no_list() {
        let fixture = Fixture::new();
        let layout = Layout::new(PathBuf::from("/networks, all/net"));
        let script = render(&fixture.topology, &layout, &[&fixture.peer_program]).unwrap();
        let lists: Vec<&str> = script
            .lines()
            .filter_map(|line| line.split_once("CERTFILES=").map(|(_, list)| list))
            .collect();
        let root = |domain: &str| {
            format!("'../../../organizations/peerOrganizations/{domain}/ca/ca.{domain}-cert.pem'")
        };
        assert_eq!(
            lists,
            ["org1", "org2"].map(|name| root(&format!("{name}.example.com")))
        );
    }

    #[test]
    fn what_is_not_there_is_said_and_nothing_is_changed() {
        let fixture = written();
        for shell in SHELLS {
            for (asked, telling) in [
                ("org3", "no organization org3: org1 and org2 are there"),
                (
                    "org1 bob",
                    "org1 has no user bob: admin and alice come with",
                ),
                ("org2 'b o;b'", "org2 has no user b o;b: admin"),
            ] {
                let before = run(shell, &fixture, r#". "$ENV_SH"; env -0"#);
                let output = run(
                    shell,
                    &fixture,
                    &format!(r#". "$ENV_SH"; devnet_as {asked}; status=$?; env -0; exit $status"#),
                );
                let said = String::from_utf8(output.stderr).unwrap();
                assert!(said.contains(telling), "{shell}: {said}");
                assert_eq!(output.status.code(), Some(1));
                assert_eq!(variables(&output.stdout), variables(&before.stdout));
            }
        }
        fs::remove_dir_all(fixture.layout.directory().join("wallets")).unwrap();
        for shell in SHELLS {
            let output = run(shell, &fixture, r#". "$ENV_SH""#);
            let said = String::from_utf8(output.stderr).unwrap();
            assert!(said.starts_with("org1 has no user alice: "), "{said}");
            assert_eq!(output.status.code(), Some(1));
        }
    }

    #[test]
    fn the_folder_of_the_programs_is_searched_first() {
        let fixture = written();
        let program = &fixture.peer_program;
        fs::create_dir_all(program.parent().unwrap()).unwrap();
        fs::write(program, "").unwrap();
        fs::set_permissions(program, Permissions::from_mode(0o755)).unwrap();
        for shell in SHELLS {
            let output = run(shell, &fixture, r#". "$ENV_SH"; command -v peer"#);
            let found = String::from_utf8(output.stdout).unwrap();
            assert_eq!(found.trim_end(), program.to_str().unwrap());
        }
    }

    #[test]
    fn the_folder_of_a_user_whom_someone_else_enrolled_is_completed() {
        for shell in SHELLS {
            let fixture = written();
            let organization = &fixture.topology.organizations[1];
            enroll(&fixture.layout, organization, "bob");
            let script = r#". "$ENV_SH"; devnet_as org2 bob"#;
            assert_sets(shell, &fixture, script, 2, "bob");
            let msp = fixture.layout.user_msp(organization, "bob");
            let own = fixture.layout.organization_directory(organization);
            for file in ["config.yaml", "cacerts/ca.org2.example.com-cert.pem"] {
                let expected = fs::read(own.join("msp").join(file)).unwrap();
                assert_eq!(fs::read(msp.join(file)).unwrap(), expected, "{file}");
            }
        }
    }

    #[test]
    fn programs_of_two_folders_are_both_found() {
        let fixture = written();
        let peer = fixture.peer_program.clone();
        let client = fixture.peer_program.with_file_name("its own/client");
        let programs = [&*peer, &client, &client.with_file_name("server")];
        write(&fixture.topology, &fixture.layout, &programs).unwrap();
        for shell in SHELLS {
            // Read twice, and yet each stands there once.
            let read = r#". "$ENV_SH"; . "$ENV_SH"; printf %s "$PATH""#;
            let output = run(shell, &fixture, read);
            let path = String::from_utf8(output.stdout).unwrap();
            let folder = |program: &Path| program.parent().unwrap().display().to_string();
            let before = std::env::var("PATH").unwrap();
            let expected = format!("{}:{}:{before}", folder(&peer), folder(&client));
            assert_eq!(path, expected, "{shell}");
        }
    }

    #[test]
    fn a_path_that_no_text_can_hold_is_refused() {
        let fixture = Fixture::new();
        let program = Path::new(OsStr::from_bytes(b"/programs \xff/peer"));
        let error = render(&fixture.topology, &fixture.layout, &[program]).unwrap_err();
        assert!(error.to_string().contains("no UTF-8"), "{error}");
    }

    #[test]
    fn a_record_without_nodes_is_refused() {
        let mut fixture = Fixture::new();
        let program = fixture.peer_program.clone();
        fixture.topology.organizations[1].peers.clear();
        let error = render(&fixture.topology, &fixture.layout, &[&program]).unwrap_err();
        assert!(error.to_string().contains("no peer of org2"), "{error}");
        fixture.topology.orderers.clear();
        let error = render(&fixture.topology, &fixture.layout, &[&program]).unwrap_err();
        assert!(error.to_string().contains("names no nodes"), "{error}");
    }
}
