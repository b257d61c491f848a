//! The external builder by which peers reach contracts that run as services.

/// Its programs: their paths in its directory, and what they say. They have to be executable.
pub(crate) const BUILDER_PROGRAMS: [(&str, &str); 3] = [
    ("bin/detect", include_str!("../../templates/builder/detect")),
    ("bin/build", include_str!("../../templates/builder/build")),
    (
        "bin/release",
        include_str!("../../templates/builder/release"),
    ),
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;
    use std::path::Path;
    use std::process::Command;

    use super::*;

    /// Runs one of the programs, with folders of `directory` as arguments; whether it succeeded, and what it said.
    fn run(directory: &Path, program: &str, folders: &[&str]) -> (bool, String) {
        let (_, text) = BUILDER_PROGRAMS
            .iter()
            .find(|(path, _)| *path == format!("bin/{program}"))
            .unwrap();
        let output = Command::new("/bin/sh")
            .args(["-c", text, program])
            .args(folders.iter().map(|folder| directory.join(folder)))
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        (output.status.success(), said)
    }

    fn directory(folders: &[&str]) -> tempfile::TempDir {
        let directory = tempfile::Builder::new()
            .prefix("a \"b' c")
            .tempdir()
            .unwrap();
        for folder in folders {
            fs::create_dir(directory.path().join(folder)).unwrap();
        }
        directory
    }

    #[test]
    fn only_packages_of_services_are_taken() {
        let directory = directory(&["source", "metadata"]);
        for (metadata, taken) in [
            (r#"{"type":"ccaas","label":"probe"}"#, true),
            (
                "{\n  \"label\": \"probe\",\n  \"type\"\n:\t\"ccaas\"\n}\n",
                true,
            ),
            (r#"{"type":"golang","label":"ccaas"}"#, false),
            (r#"{"type":"ccaas2","label":"probe"}"#, false),
            (r#"{"type":"node","label":"\"type\":\"ccaas\""}"#, false),
            ("", false),
        ] {
            fs::write(directory.path().join("metadata/metadata.json"), metadata).unwrap();
            let (success, said) = run(directory.path(), "detect", &["source", "metadata"]);
            assert_eq!(success, taken, "{metadata}: {said}");
        }
    }

    #[test]
    fn the_peer_is_told_where_the_service_is() {
        let directory = directory(&["source", "metadata", "build", "release"]);
        let folders = ["source", "metadata", "build"];
        let (success, said) = run(directory.path(), "build", &folders);
        assert!(!success && said.contains("connection.json"), "{said}");

        let connection = r#"{"address": "127.0.0.1:9999"}"#;
        fs::write(directory.path().join("source/connection.json"), connection).unwrap();
        let (success, said) = run(directory.path(), "build", &folders);
        assert!(success, "{said}");
        let (success, said) = run(directory.path(), "release", &["build", "release"]);
        assert!(success, "{said}");
        let released = directory
            .path()
            .join("release/chaincode/server/connection.json");
        assert_eq!(fs::read_to_string(released).unwrap(), connection);
    }
}
